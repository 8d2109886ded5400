"""What may be read: paths of every shape, links, what is no file, and links that are swapped meanwhile."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.settings import Settings
from vortex_prefect.files.roots import ANYWHERE, NOWHERE, FileRoots, roots_of

INSIDE, SECRET = b"inside", b"secret"


class World:
    """A permitted folder `root`, another one `second`, and `outside`, with links of every kind between them."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        self.root, self.second, self.outside = folder / "root", folder / "second", folder / "outside"
        for place in (self.root / "sub" / "deep", self.second, self.outside / "dir"):
            place.mkdir(parents=True)
        for place in (self.root, self.root / "sub", self.root / "sub" / "deep", self.second):
            (place / "file").write_bytes(INSIDE)
        for place in (self.outside, self.outside / "dir", folder):
            (place / "file").write_bytes(SECRET)
        links = {
            "out": self.outside, "out-file": self.outside / "file", "up": Path(".."), "in": self.root / "sub",
            "in-file": Path("sub/file"), "second": self.second, "loop": Path("loop"), "chain": Path("out/dir"),
            "hanging": self.outside / "gone", "environ": Path("/proc/self/environ"), "top": Path("/"),
        }  # fmt: skip
        for name, target in links.items():
            (self.root / name).symlink_to(target)
        os.mkfifo(self.root / "pipe")
        self.roots = FileRoots((self.root, self.second), base=self.root)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def read(roots: FileRoots, path: str | Path) -> bytes:
    with roots.open_file(path) as file:
        return file.read()


def refusal(roots: FileRoots, path: str | Path) -> str:
    with pytest.raises(WorkerError) as caught:
        roots.open_file(path).close()
    assert caught.value.code == "WK-012"
    return caught.value.message


@pytest.mark.parametrize("path", ["file", "sub/../file", "./sub//deep/file", "in/deep/file", "in-file", "second/file",
                                  "../root/file", "out/../file"])  # fmt: skip
def test_what_is_below_a_root_is_read_also_through_links(world: World, path: str) -> None:
    assert read(world.roots, path) == INSIDE
    assert read(world.roots, f"{world.root}/{path}") == INSIDE


@pytest.mark.parametrize("path", ["../outside/file", "out/file", "out-file", "chain/file", "up/outside/file", "up/file",
                                  "environ", "top/etc/passwd", "/etc/passwd", "/proc/self/environ", "/dev/zero",
                                  "/proc/self/root/etc/passwd", "..", "/", "out", "hanging", "../rootless/file",
                                  "//etc/passwd"])  # fmt: skip
def test_what_is_outside_is_refused(world: World, path: str) -> None:
    assert repr(path) in refusal(world.roots, path)


@pytest.mark.parametrize("place", ["../outside/{}", "out/{}", "/etc/{}", "out/dir/../{}", "up/{}", "/root/{}"])
def test_a_refusal_does_not_tell_what_is_there(world: World, place: str) -> None:
    assert refusal(world.roots, place.format("file")).replace("file", "gone") == refusal(
        world.roots, place.format("gone")
    )
    # Nor which links out there lead back: the text decides first.
    (world.outside / "back").symlink_to(world.root)
    refusal(world.roots, world.outside / "back" / "file")
    (world.outside / "back").unlink()
    # Nor by a way that leads out and in again: it is open whether or not its detour is there.
    detours = [f"../{name}/../root/file" for name in ("outside", "nowhere")]
    assert [read(world.roots, path) for path in detours] == [INSIDE, INSIDE]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("gone", FileNotFoundError), ("sub", IsADirectoryError), ("file/below", NotADirectoryError), ("loop", OSError),
     ("pipe", OSError), ("nul\0", OSError), ("x" * 5000, OSError), ("x/" * 5000, OSError), ("", IsADirectoryError)],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_of_its_own(world: World, path: str, kind: type[OSError]) -> None:
    with pytest.raises(kind):
        world.roots.open_file(path)


def test_a_pipe_is_not_even_opened(world: World) -> None:
    with pytest.raises(OSError, match="regular"):
        world.roots.open_file("pipe")
    with pytest.raises(OSError, match=r".*"):  # ENXIO: nobody has it open to read
        os.open(world.root / "pipe", os.O_WRONLY | os.O_NONBLOCK)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_so(world: World, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_bytes(INSIDE)
    path.chmod(0)
    with pytest.raises(PermissionError, match="mine"):
        FileRoots((tmp_path,)).open_file(path)


def test_devices_are_no_files_even_where_all_is_open() -> None:
    with pytest.raises(OSError, match="regular"):
        ANYWHERE.open_file("/dev/zero")
    assert read(ANYWHERE, "/etc/passwd")


STEPS = st.sampled_from(
    ["..", ".", "", "sub", "deep", "file", "out", "out-file", "up", "in", "in-file", "second", "root", "outside", "dir",
     "loop", "chain", "hanging", "environ", "top", "etc", "passwd", "proc", "self", "pipe", "gone", "x" * 300, "a\0b"]
)  # fmt: skip


@given(steps=st.lists(STEPS, max_size=9), start=st.sampled_from(["", "/", "root", "outside"]))
def test_no_path_leads_out(world: World, steps: list[str], start: str) -> None:
    begin = {"root": f"{world.root}/", "outside": f"{world.outside}/"}.get(start, start)
    path = begin + "/".join(steps)
    with contextlib.suppress(WorkerError, OSError):
        assert read(world.roots, path) == INSIDE


@given(text=st.text(max_size=40))
def test_no_text_breaks_it(world: World, text: str) -> None:
    with contextlib.suppress(WorkerError, OSError, UnicodeEncodeError):
        assert read(world.roots, text) == INSIDE


@pytest.fixture
def swapping(world: World, tmp_path: Path) -> Iterator[tuple[FileRoots, Path]]:
    """A name below a root that stands for a file there, and for a secret, in turn, as fast as can be."""
    place, stop = tmp_path / "name", threading.Event()
    (tmp_path / "good").write_bytes(INSIDE)
    place.symlink_to("good")

    def swap() -> None:
        draft = tmp_path / "draft"
        while not stop.is_set():
            for target in (world.outside / "file", Path("good")):
                draft.symlink_to(target)
                os.replace(draft, place)

    thread = threading.Thread(target=swap)
    thread.start()
    yield FileRoots((tmp_path.resolve(),)), place
    stop.set()
    thread.join()


def test_a_link_that_is_swapped_meanwhile_never_leads_out(swapping: tuple[FileRoots, Path]) -> None:
    roots, place = swapping
    seen = set()
    for _ in range(3000):
        try:
            seen.add(read(roots, place))
        except WorkerError:
            seen.add(b"refused")
    assert seen == {INSIDE, b"refused"}


def test_the_deepest_folder_decides(tmp_path: Path) -> None:
    home = tmp_path / "home"
    roots = FileRoots((tmp_path, home / "files"), (home,))
    assert [roots.holds(home.joinpath(*steps)) for steps in ([], ["db"], ["files", "x"], ["filesystem"])] == [
        False, False, True, False,
    ]  # fmt: skip
    assert roots.holds(tmp_path / "x")
    assert not FileRoots((home,), (home,)).holds(home / "x")


def test_a_stack_opens_where_it_was_started_and_what_is_named_but_not_its_own_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, more = tmp_path / "start", tmp_path / "more"
    start.mkdir()
    monkeypatch.chdir(start)
    settings = Settings.from_env({"VORTEX_HOME": "home", "VORTEX_FILE_ROOTS": f"{more}{os.pathsep}{os.pathsep}../x"})
    assert settings.file_roots == (more, tmp_path / "x")
    assert Settings.from_env(settings.to_env()) == settings
    roots = roots_of(settings)
    assert roots.base == start
    home = start / "home"
    for path in (start / "a", more / "a", tmp_path / "x" / "a", home / "files" / "a", home / "outputs" / "e" / "a"):
        assert roots.check(path) == path
    for path in (home / "vortex.db", home / "run" / "engine.sock", tmp_path / "a", Path("/proc/self/environ")):
        with pytest.raises(WorkerError):
            roots.check(path)


def test_all_is_open_only_where_somebody_says_so(tmp_path: Path) -> None:
    # A service is started in /, and means nothing by it.
    assert not roots_of(Settings(tmp_path, start_dir=Path("/"))).holds(Path("/etc/passwd"))
    everything = roots_of(Settings(tmp_path, start_dir=Path("/"), file_roots=(Path("/"),)))
    assert everything.holds(Path("/etc/passwd"))
    assert not everything.holds(Path("/proc/self/environ"))
    assert not everything.holds(tmp_path / "vortex.db")
    assert not NOWHERE.holds(Path("/etc/passwd"))


def test_what_is_opened_is_to_be_read_only(world: World) -> None:
    with world.roots.open_file("file") as file:
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        assert not file.writable()
        assert not os.get_inheritable(file.fileno())
