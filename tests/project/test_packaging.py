"""The package as a user gets it: wheel, source archive, editable install, each in an environment of its own.

Nothing is fetched: the backend and the dependencies are those of the environment that runs the tests, seen
from the new environments through a path file.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "constraints.txt",
)
FOLDERS = ("pthreport", "templates", "tests", "benchmarks", "sample_reports")
TEMPLATES = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()
)


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """Standard output of `command`, run without any of the caller's Python settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, source: Path, folder: Path) -> Path:
    """The one file that building `target` ("wheel" or "sdist") in `source` writes into `folder`."""
    folder.mkdir(exist_ok=True)
    run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder], cwd=source)
    (made,) = folder.iterdir()
    return made


def environment(folder: Path) -> Path:
    """Python of a new environment that sees our dependencies, and ours only after its own packages."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(
        run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def install(python: Path, *what: str | Path) -> None:
    # The new environment's Python runs the pip that it sees; that one installs where this Python lives.
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    run([python, "-m", "pip", "install", "--ignore-installed", *options, *what], cwd=python.parent)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, so that building writes nothing here."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "work"))
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", checkout, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", checkout, tmp_path_factory.mktemp("sdist"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_there_are_templates() -> None:
    assert any(name.endswith(".html") or name.endswith(".j2") for name in TEMPLATES)


def test_the_wheel_holds_the_package_and_its_templates_and_nothing_else(wheel: Path) -> None:
    held = names(wheel)
    assert {f"pthreport/{name}" for name in TEMPLATES} <= held
    assert {"pthreport/command/main.py", "pthreport/py.typed"} <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
    assert {name.split("/")[0].split("-")[0] for name in held} == {"pthreport"}


def test_a_wheel_of_the_source_archive_is_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert names(build("wheel", source, tmp_path / "wheel")) == names(wheel)
    assert (source / "sample_reports" / "digits_cnn.pth").is_file()


def report_of_the_sample(command: Sequence[str | Path], folder: Path) -> str:
    """The page that an installed command writes, run outside the checkout."""
    page = folder / "report.html"
    run([*command, ROOT / "sample_reports" / "digits_cnn.pth", "-o", page, "--quiet"], folder)
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_an_installed_command_writes_a_report(
    kind: str, wheel: Path, checkout: Path, tmp_path: Path
) -> None:
    python = environment(tmp_path / "venv")
    install(python, *([wheel] if kind == "wheel" else ["-e", checkout]))
    command = python.with_name("pthreport")

    assert run([command, "--help"], tmp_path).startswith("usage: pthreport")
    where = Path(run([python, "-c", "import pthreport; print(pthreport.__file__)"], tmp_path).strip())
    assert where.is_relative_to(checkout if kind == "editable" else tmp_path)
    assert "conv1.weight" in report_of_the_sample([command], tmp_path)


def test_constraints_pin_every_dependency_and_torch_only_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if "==" in line and not line.startswith("#")}
    assert {word.split(">=")[0].lower() for word in asked} <= pinned
    assert "torch>=2.3" in asked
    assert "torch==2.13.0" in lines
