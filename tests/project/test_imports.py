"""What starting the tool loads: `import pthreport` and `--help` answer at once because they load little."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "matplotlib", "weasyprint", "numpy", "jinja2", "rich", "msgspec")

REPORT = """
import sys
loaded = sorted(name for name in {heavy} if name in sys.modules)
print("loaded:", *loaded)
"""


def loaded_after(statements: str) -> list[str]:
    """Which of the heavy packages a fresh interpreter has loaded after `statements`."""
    done = subprocess.run(
        [sys.executable, "-c", statements + REPORT.format(heavy=HEAVY)],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()[-1].removeprefix("loaded:").split()


@pytest.mark.parametrize(
    "statements",
    [
        "import pthreport",
        "import pthreport; dir(pthreport)",
        "from pthreport.command.main import main",
        "from pthreport.command.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass",
        "from pthreport.command.main import main\ntry:\n    main(['--version'])\nexcept SystemExit:\n    pass",
    ],
)
def test_starting_loads_nothing_heavy(statements: str) -> None:
    assert loaded_after(statements) == []


def test_the_probe_sees_a_heavy_import() -> None:
    assert loaded_after("import msgspec") == ["msgspec"]
