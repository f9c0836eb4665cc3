"""The rooms lie in one direction, the files are short, and nothing in the package runs what it reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pthreport"

# From left to right as the data goes; a room imports only from rooms to its left. See CONTRIBUTING.md.
ROOMS = ("document", "checkpoint", "anatomy", "measure", "checks", "compare", "draw", "render")

# `Report.save` and a notebook's view are on the report for the user's sake: they hand it to the renderers when
# they are called, and nothing in the vocabulary depends on what those do.
EXCEPTIONS = {
    ("pthreport/document/report.py", "pthreport.render.write"),
    ("pthreport/document/report.py", "pthreport.render.notebook"),
}

MOST_LINES = 350
SOURCES = sorted(PACKAGE.rglob("*.py"))
PYTHON = sorted(
    {
        *SOURCES,
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / "sample_reports").glob("*.py"),
    }
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that `path` imports, anywhere in it, by its full name, and the line."""
    package = ("pthreport", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            for name in node.names:
                yield f"{module}.{name.name}", node.lineno


def wrong_imports(path: Path) -> list[str]:
    """Imports of `path` that go against the direction, each with its line."""
    parts = path.relative_to(PACKAGE).parts
    room = parts[0] if parts[0] in ROOMS else None
    if room is None:
        return []
    allowed = ROOMS[: ROOMS.index(room) + 1]
    wrong = []
    for module, line in imported(path):
        if (relative(path), module) in EXCEPTIONS:
            continue
        words = module.split(".")
        # The package's own names (__version__) belong to no room.
        if words[0] == "pthreport" and len(words) > 1 and words[1] not in (*allowed, "__version__"):
            wrong.append(f"{relative(path)}:{line} imports {module}")
    return wrong


def called(node: ast.Call) -> str:
    """The dotted name of what is called, as it is written; empty where it is an expression."""
    return ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""


def forbidden(path: Path) -> list[str]:
    """Places in `path` that could run what a file says."""
    found = []
    modules = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    calls = {"eval", "exec", "compile", "__import__", "torch.load", "builtins.eval", "builtins.exec"}
    for module, line in imported(path):
        if module.split(".")[0] in modules:
            found.append(f"{relative(path)}:{line} imports {module}")
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        if called(node) in calls:
            found.append(f"{relative(path)}:{node.lineno} calls {called(node)}")
        for keyword in node.keywords:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            if (keyword.arg, value) in {("weights_only", False), ("allow_pickle", True)}:
                found.append(f"{relative(path)}:{node.lineno} passes {keyword.arg}={value!r}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_room_imports_only_from_rooms_to_its_left(path: Path) -> None:
    assert wrong_imports(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_nothing_in_the_package_can_run_what_a_file_says(path: Path) -> None:
    assert forbidden(path) == []


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_every_folder_of_the_package_is_a_room_or_templates() -> None:
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in SOURCES if path.parent != PACKAGE}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize(
    "text",
    [
        "import pickle\n",
        "from pickle import loads\n",
        "def f(x):\n    return eval(x)\n",
        "import torch\ntorch.load('x')\n",
        "import numpy\nnumpy.load('x', allow_pickle=True)\n",
        "load(x, weights_only=False)\n",
    ],
)
def test_what_is_forbidden_is_seen(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forbidden(planted(text, "measure", tmp_path, monkeypatch)) != []


@pytest.mark.parametrize(
    "text",
    [
        "import pthreport.render\n",
        "from pthreport import analysis\n",
        "from pthreport.checks import Check\n",
        "from ..render import write\n",
        "def f():\n    from pthreport.cli import main\n",
    ],
)
def test_a_wrong_import_is_seen(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong_imports(planted(text, "measure", tmp_path, monkeypatch)) != []


def planted(text: str, room: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with `text` in a package like ours under `folder`."""
    monkeypatch.setitem(globals(), "ROOT", folder)
    monkeypatch.setitem(globals(), "PACKAGE", folder / "pthreport")
    path = folder / "pthreport" / room / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path
