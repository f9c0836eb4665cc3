"""A corpus of hostile files, where the folder is at hand: nothing runs, nothing hangs, nothing passes
for clean that is not."""

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "hostile"
CASES: list[dict[str, str]] = (
    [json.loads(line) for line in (CORPUS / "cases.jsonl").read_text().splitlines()]
    if (CORPUS / "cases.jsonl").exists()
    else []
)
CANARY = Path(tempfile.gettempdir()) / "PTHREPORT_CANARY"

pytestmark = pytest.mark.skipif(not CASES, reason="the corpus is not at hand")


@cache
def results() -> dict[str, dict[str, Any]]:
    """Every file's result, all from one audited interpreter."""
    names = [case["file"] for case in CASES]
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.checkpoint.audited"],
        input="".join(f"{CORPUS / name}\n" for name in names),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=300,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0, (lines[-1] if lines else None, ran.stderr[-3000:])
    return {name["begins"]: result for name, result in zip(lines[::2], lines[1::2], strict=True)}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: dict[str, str]) -> None:
    result = results()[case["file"]]
    assert result["events"] == []
    assert result["seconds"] < 10
    assert result["mebibytes"] < 1024
    assert not CANARY.exists()
    if "error" in result:
        assert result["error"]
        assert "\n" not in result["error"]
        return
    judged = {verdict for _, _, verdict in result["imports"]}
    if case["cls"] == "control":
        assert result["complete"]
        assert judged <= {"known"}
        assert result["problems"] == []
    if case["cls"] == "malicious" and case["id"] != "n00_nested_raw":
        assert judged - {"known"}
    if case["cls"] == "malformed" and case["id"].startswith(("t", "z", "l", "st_")) and result["complete"]:
        harmless = {"t26_alias_dtype", "t33_byteorder_big", "st_hole", "st_trailing"}
        assert case["id"] in harmless or case["id"].startswith("z")
        assert result["problems"]
