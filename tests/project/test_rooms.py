"""The rooms lie in one direction, the files are short, and nothing in the package runs what it reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pthreport"

# As the data goes: each room with the rooms that it may import. See CONTRIBUTING.md.
ROOMS: dict[str, set[str]] = {
    "document": set(),
    "checkpoint": {"document"},
    "redaction": {"document", "checkpoint"},
    "parameters": {"document", "checkpoint"},
    "anatomy": {"document", "checkpoint"},
    "measure": {"document", "checkpoint"},
    "survey": {"document", "checkpoint", "anatomy", "measure"},
    "checks": {"document"},
    "summary": {"document", "anatomy", "measure", "checks"},
    "draw": {"document"},
    "render": {"document", "draw"},
    "command": {"document", "checkpoint", "redaction", "checks", "measure", "render"},
}

# The files at the top call the rooms in order, or are what people import; each with all that it may import.
TOP: dict[str, set[str]] = {
    "__init__": {"analysis", "checkpoint", "document", "render", "verification"},
    "__main__": {"command"},
    "analysis": {
        *("document", "checkpoint", "redaction", "anatomy", "measure", "survey", "checks"),
        *("assembly", "blueprint"),
    },
    "assembly": {"document", "checkpoint", "anatomy", "measure", "survey", "checks", "summary"},
    "blueprint": {"anatomy"},
    "export": {"checkpoint", "anatomy", "survey", "render"},
    "verification": {"document", "checkpoint", "measure", "render", "analysis"},
}
CALLED_BY_THE_COMMAND = {"analysis", "blueprint", "export", "verification"}

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
    home = parts[0].removesuffix(".py")
    if len(parts) == 1:
        if home not in TOP:
            return [f"{relative(path)} lies in no room"]
        allowed = TOP[home]
    elif home in ROOMS:
        allowed = {home, *ROOMS[home], *(CALLED_BY_THE_COMMAND if home == "command" else ())}
    else:
        return [f"{relative(path)} lies in a folder that is no room"]
    wrong = []
    for module, line in imported(path):
        if (relative(path), module) in EXCEPTIONS:
            continue
        words = module.split(".")
        # The package's own names (__version__) belong to no room.
        if words[0] == "pthreport" and len(words) > 1 and words[1] not in {*allowed, "__version__"}:
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
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    assert wrong_imports(path) == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_nothing_in_the_package_can_run_what_a_file_says(path: Path) -> None:
    assert forbidden(path) == []


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_tables_name_what_there_is() -> None:
    top = {path.stem for path in PACKAGE.glob("*.py")}
    folders = {path.parent.relative_to(PACKAGE).parts[0] for path in SOURCES if path.parent != PACKAGE}
    assert (top, folders) == (set(TOP), set(ROOMS))


def test_no_module_hides_a_public_function() -> None:
    import pthreport

    functions = {name for name in pthreport.__all__ if callable(getattr(pthreport, name))}
    assert functions.isdisjoint({path.stem for path in PACKAGE.iterdir()})


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
        "def f():\n    from pthreport.command.main import main\n",
    ],
)
def test_a_wrong_import_is_seen(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong_imports(planted(text, "measure", tmp_path, monkeypatch)) != []


@pytest.mark.parametrize("place", ["loose.py", "attic/old.py", "assembly.py"])
def test_a_file_in_no_room_or_with_too_much_is_seen(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = planted("from pthreport.render import write\n", "measure", tmp_path, monkeypatch)
    moved = tmp_path / "pthreport" / place
    moved.parent.mkdir(exist_ok=True)
    assert wrong_imports(path.rename(moved)) != []


def planted(text: str, room: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with `text` in a package like ours under `folder`."""
    monkeypatch.setitem(globals(), "ROOT", folder)
    monkeypatch.setitem(globals(), "PACKAGE", folder / "pthreport")
    path = folder / "pthreport" / room / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path
