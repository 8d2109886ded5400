"""What a type checker says of graphs in code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.graph.builders import CATALOGUE
from vortex_prefect.cli.stubs import write_stubs
from vortex_prefect.client.graph import RESERVED
from vortex_prefect.client.stubs import packs_stub
from vortex_prefect.core.nodespec import Catalogue, NodeSpec, OutputSpec, ParamSpec

ROOT = Path(__file__).resolve().parents[3]

GOOD = """
from pathlib import Path
from vortex_prefect import Graph

g = Graph("typed")
load = g.image.load(path=Path("photo.png"))
blur = g.image.blur(image=load.image, radius=3)
soft = g.image.blur(image=blur, radius=g.core.int(value=2), id="soft", at=(0, 1.5))
matte = g.image.blend(base=soft, layer=load.image, mode="screen")
same = g.core.passthrough(value=matte)
turn = g.image.grain(image=same, seed="18446744073709551615")
turn.title, turn.retries = "noise", 2
turn["amount"] = 0.2
g.expose_input("photo", load, "path")
g.expose_output("result", turn.image)
g.pack("mine").anything(value=3).out
g.node("mine.other", value=load.mask).whatever
width = g["soft"].image
many = g.image.load(path=g.core.files(folder="photos"))
g.core.item_count(items=g.image.blur(image=many.image))
g.core.collect(items=g.core.range(count=3))
"""

#: Lines that have to be refused, and the code of mypy that refuses them.
BAD = {
    "g.image.blurr()": "attr-defined",
    "g.imaeg.blur()": "attr-defined",
    "g.image.blur()": "call-arg",
    "g.image.blur(image=load.image, raduis=3)": "call-arg",
    'g.image.blur(image=load.image, radius="wide")': "arg-type",
    "g.image.blur(image=load.mask)": "arg-type",
    "g.image.blur(image=load)": "arg-type",
    'g.image.blend(base=load.image, layer=load.image, mode="scren")': "arg-type",
    "load.imgae": "attr-defined",
    "load.titel = 3": "attr-defined",
    'load.mode = "off"': "assignment",
}


OTHER = """
from vortex_packs import Graph

g = Graph()
blur = g.t.blur(image=g.t.canvas(), kernel='box')
g.t.stack(images=[blur.image, blur])
g.t.blur(image=g.t.number())
"""


def complaints(folder: Path, *scripts: str) -> dict[str, dict[int, str]]:
    """What mypy says of scripts, with the project's settings and cache: name → line → code."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", *(folder / name for name in scripts)],
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": str(folder), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"), "PATH": ""},
        cwd=ROOT,
    )
    found: dict[str, dict[int, str]] = {name: {} for name in scripts}
    for line in done.stdout.splitlines():
        place, error, text = line.partition(" error: ")
        if error:
            path, number = place.rstrip(":").rsplit(":", 1)
            found[Path(path).name][int(number)] = text.rpartition("[")[2].rstrip("]")
    assert done.returncode == 1, done.stdout + done.stderr
    return found


def test_mypy_follows_scripts_by_the_shipped_stub_and_by_that_of_other_packs(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(GOOD + "\n".join(BAD) + "\n")
    write_stubs(CATALOGUE, tmp_path)
    (tmp_path / "other.py").write_text(OTHER)
    found = complaints(tmp_path, "script.py", "other.py")
    assert found["script.py"] == dict(enumerate(BAD.values(), len(GOOD.splitlines()) + 1))
    assert found["other.py"] == {len(OTHER.splitlines()): "arg-type"}


def test_the_module_of_other_packs_has_the_same_graph(tmp_path: Path) -> None:
    write_stubs(CATALOGUE, tmp_path)
    code = "import vortex_packs, vortex_prefect; assert vortex_packs.Graph is vortex_prefect.Graph"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_the_shipped_stub_is_current() -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "gen-stubs", "--check"], check=True, cwd=ROOT)


@pytest.mark.parametrize("text", ['"""\nimport os', "\\", '"', "x\n    def evil(self): ...", "", "end\\"])
def test_no_text_of_a_declaration_breaks_the_stub(text: str) -> None:
    spec = NodeSpec(
        type="t.odd",
        title="Odd",
        category="test",
        doc=text,
        params=(
            ParamSpec(name="choice", type="STRING", default=text, choices=(text, "b"), doc=text),
            ParamSpec(name=f"no name {text}", type="STRING", default=""),
        ),
        outputs=(OutputSpec(name=text or "out", type="STRING", doc=text),),
    )
    tree = ast.parse(packs_stub(Catalogue((spec,)), RESERVED, whole=True))
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert names == ["odd", "t"]
