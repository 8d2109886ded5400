"""What packs are installed from: folders, wheels and zip archives, git repositories."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from vortex_prefect.cli.checkout import cloned, commit_of
from vortex_prefect.files.packs import (
    MANIFEST,
    Manifest,
    Origin,
    hashes,
    read_manifest,
    require_inside,
    sha256_of,
    unusable,
)

#: Unpacked bytes and members of a wheel: code, not models.
_MOST_BYTES, _MOST_MEMBERS = 1 << 30, 50_000
#: What every pack has: the base.
_BASE = "vortex-prefect"


@dataclass(frozen=True, slots=True)
class Source:
    """A pack that lies somewhere on this machine."""

    path: Path
    origin: Origin

    def put_into(self, draft: Path) -> tuple[Manifest, list[str]]:
        """Copy or unpack the pack's package; its manifest, and what it requires beyond VORTEX.

        Raises:
            SystemFault: SY-003, it is no pack.
        """
        if self.origin.archive is not None:
            return _unpack(self.path, draft)
        return _copy(self.path, draft)


@contextmanager
def opened(address: str) -> Iterator[Source]:
    """A pack's source, for as long as it is looked at.

    Args:
        address: a folder, a wheel, a zip archive, or `git+URL[@REF][#subdirectory=FOLDER]`.

    Raises:
        SystemFault: SY-003, there is nothing of the kind.
    """
    if address.startswith("git+"):
        with cloned(address) as folder:
            yield _folder(folder, address)
        return
    path = Path(address)
    if path.is_file():
        yield Source(path, Origin(str(path.resolve()), archive=sha256_of(path)))
        return
    if not path.is_dir():
        raise unusable(address, "there is no such folder, wheel or zip archive")
    yield _folder(path, str(path.resolve()))


def lacking(requirements: Iterable[str]) -> list[str]:
    """Those that the base does not meet: what is required is not there, or in another version."""
    return [text for text in requirements if not _is_met(Requirement(text))]


def _folder(path: Path, told: str) -> Source:
    commit = commit_of(path)
    return Source(path, Origin(told, None, commit.id, commit.modified) if commit is not None else Origin(told))


def _copy(source: Path, draft: Path) -> tuple[Manifest, list[str]]:
    manifest = read_manifest(source)
    hashes(source / manifest.module)  # refuses links
    shutil.copytree(source / manifest.module, draft / manifest.module, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
        return manifest, _beyond_base(manifest, project.get("dependencies", []))
    except FileNotFoundError:
        return manifest, []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
        raise unusable(manifest.name, f"pyproject.toml cannot be read: {error}") from error


def _unpack(source: Path, draft: Path) -> tuple[Manifest, list[str]]:
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            require_inside(member.filename for member in members)
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > _MOST_BYTES:
                raise unusable(source.name, f"it unpacks to more than {_MOST_BYTES >> 20} MiB or {_MOST_MEMBERS} files")
            roots = {name.split("/")[0] for name in archive.namelist() if name.endswith(f"/{MANIFEST}")}
            # Metadata of a wheel, and its tests, are none of the pack.
            archive.extractall(draft, [member for member in members if member.filename.split("/")[0] in roots])
            told = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            headers = HeaderParser().parsestr(archive.read(told[0]).decode()) if told else None
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        raise unusable(source.name, f"it is no wheel or zip archive that can be unpacked: {error}") from error
    manifest = read_manifest(draft)
    return manifest, _beyond_base(manifest, headers.get_all("Requires-Dist") or [] if headers is not None else [])


def _beyond_base(manifest: Manifest, texts: Iterable[str]) -> list[str]:
    """What is required on this machine, without VORTEX itself."""
    kept = []
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise unusable(manifest.name, f"it requires {text!r:.100}, which is no requirement: {error}") from error
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and canonicalize_name(requirement.name) != _BASE:
            kept.append(text)
    return kept


def _is_met(requirement: Requirement) -> bool:
    if requirement.url is not None:
        return False
    try:
        found = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    if not requirement.specifier.contains(found.version, prereleases=True):
        return False
    more = [Requirement(text) for text in found.requires or ()] if requirement.extras else []
    return all(_is_met(each) for each in more if _is_asked_for(each, requirement.extras))


def _is_asked_for(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is not None and any(marker.evaluate({"extra": extra}) for extra in extras)
