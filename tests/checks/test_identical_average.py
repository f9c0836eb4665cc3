"""An average of weights that is a copy of them."""

from pathlib import Path
from typing import Any

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def averaged(moved: float) -> dict[str, Any]:
    raw = trained()
    ema = {name: value + moved if value.is_floating_point() else value for name, value in raw.items()}
    return {"model": raw, "ema": ema}


EXAMPLES = Examples(faulty=saved(averaged(0.0)), sound=saved(averaged(1e-3)), found="warn")


def test_a_file_without_an_average_is_not_judged(tmp_path: Path) -> None:
    assert finding(analyzed(tmp_path, trained()), "identical-average").status == "not-applicable"
