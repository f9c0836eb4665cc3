"""Giving files to the command line in watched interpreters, and judging what comes out."""

import html.parser
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from tests.checkpoint.files import saved_bytes
from tests.checkpoint.test_any_bytes import good
from tests.hostile.case import Case
from tests.hostile.pickled import CANARY

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "sample_reports" / "digits_cnn.pth"
LONGEST = 600
"""Seconds after which a batch has hung: it takes one or two."""

MEMORY = 1 << 30
"""Bytes of memory that a file may take, Python and its packages included."""

SAFETY = frozenset(
    {
        "executing-imports", "unknown-imports", "refused-container", "hidden-content", "damaged-file",
        "missing-shards", "disagreeing-sizes",
    }
)  # fmt: skip
"""Checks about safety and damage: a good file passes them."""

_TERMINAL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Task:
    """A file to open, and the folder (its name) that its reports go to."""

    name: str
    path: Path
    reports: Path
    kinds: tuple[str, ...] = ("html", "json")

    @property
    def line(self) -> str:
        """The task as the watched interpreter reads it."""
        outputs = [
            word for kind in self.kinds for word in ("-o", str(self.reports / f"{self.name}.{kind}"))
        ]
        options = ["--fail-on", "warning", "--jobs", "2", *outputs]
        return json.dumps({"file": str(self.path), "options": options}) + "\n"

    def report(self) -> dict[str, Any] | None:
        """The report in JSON, if there is one: strict JSON, without a bare NaN."""

        def no_constant(word: str) -> Any:
            raise AssertionError(f"{word} is no JSON")

        file = self.reports / f"{self.name}.json"
        return json.loads(file.read_bytes(), parse_constant=no_constant) if file.exists() else None


@cache
def good_files() -> tempfile.TemporaryDirectory[str]:
    """A folder with good files of every container, there until the interpreter ends."""
    wide = {
        "a.weight": torch.randn(2000, 600),
        "a.bias": torch.randn(2000),
        "b.weight": torch.randn(64, 16, 3, 3),
    }
    folder = tempfile.TemporaryDirectory()
    for number, content in enumerate([*good().values(), saved_bytes(wide), BUNDLED.read_bytes()]):
        Path(folder.name, f"{number}.pt").write_bytes(content)
    return folder


def watched(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Each task's result, from one interpreter; fails where that one dies or hangs."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.hostile.watched", good_files().name],
        input="".join(task.line for task in tasks),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=LONGEST,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0, (ran.returncode, lines[-1] if lines else None, ran.stderr[-3000:])
    assert lines[:1] == [{"ready": True}]
    results = [line for line in lines if "exit" in line]
    assert [line["file"] for line in results] == [str(task.path) for task in tasks]
    return results


def common_faults(task: Task, result: dict[str, Any]) -> Iterable[str]:
    """What is wrong with how a file was dealt with, whatever is in it."""
    if result["events"]:
        yield f"it caused {result['events'][:3]}"
    if CANARY.exists():
        CANARY.unlink()
        yield "its payload ran"
    if result["exit"] not in (0, 1, 2):
        yield f"exit code {result['exit']}: {result['errors'][-500:]}"
    if "Traceback" in result["errors"] or "Traceback" in result["output"]:
        yield "a traceback"
    if result["peak"] > MEMORY:
        yield f"{result['peak'] >> 20} MiB of memory"
    said = result["errors"].rstrip("\n")
    if (result["exit"] == 0) == bool(said) or "\n" in said:
        yield f"exit code {result['exit']} with {said.count(chr(10)) + bool(said)} lines of error"
    if _TERMINAL.search(said) or _TERMINAL.search(result["output"]):
        yield "a control character on the terminal"
    if (result["exit"] == 2) != (task.report() is None):
        yield f"exit code {result['exit']}, and {'no' if task.report() is None else 'a'} report"


def faults(case: Case, task: Task, result: dict[str, Any]) -> list[str]:
    """Everything that is wrong with what came of a case."""
    found = list(common_faults(task, result))
    report = task.report()
    if report is None:
        if case.opens:
            found.append(f"no report: {result['errors']}")
        if case.says and not re.search(case.says, result["errors"]):
            found.append(f"it does not say {case.says!r}: {result['errors']}")
        if case.kind in ("control", "malicious", "strings") or case.names:
            found.append("no report")
        return found
    checkpoint = report["checkpoint"]
    if case.opens is False:
        found.append("a report")
    said = "\n".join(checkpoint["problems"])
    if case.says and not re.search(case.says, said):
        found.append(f"no problem says {case.says!r}: {said[:1000]}")
    if case.partial is not None and checkpoint["complete"] == case.partial:
        found.append(f"complete is {checkpoint['complete']}: {said[:1000]}")
    if not checkpoint["complete"] and result["exit"] != 1:
        found.append("a partial report passes --fail-on")
    judged = {f"{one['module']}.{one['name']}": one["verdict"] for one in report["imports"]}
    for name in case.names:
        if judged.get(name, "absent") in ("absent", "known"):
            found.append(f"{name!r} is {judged.get(name, 'absent')}: {judged}")
    if case.kind == "malicious" and result["exit"] != 1:
        found.append("it passes --fail-on")
    view = checkpoint["torch"]
    if case.torch_takes is not None and (view is not None and view["weights_only"]) != case.torch_takes:
        found.append(f"what torch would do: {view}")
    if case.kind == "control":
        if not checkpoint["complete"] or checkpoint["problems"] or set(judged.values()) - {"known"}:
            found.append(f"a good file is not clean: {said} {judged}")
        failed = {one["check"] for one in report["findings"] if one["status"] in ("fail", "warn", "error")}
        if failed & SAFETY:
            found.append(f"a good file fails {sorted(failed & SAFETY)}")
    if case.kind == "strings":
        found.extend(_unescaped(task))
    return found


class _Page(html.parser.HTMLParser):
    """Collects what a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Elements that are not the templates', and attributes that run or fetch."""
        self.scripts += tag == "script"
        if tag in ("iframe", "object", "embed", "base", "form"):
            self.bad.append(tag)
        for key, value in attrs:
            if key.startswith("on") or (
                key in ("src", "href", "xlink:href", "action", "poster")
                and value
                and not value.startswith(("#", "data:", "https://"))
            ):
                self.bad.append(f"{tag} {key}={value!r}")
            if key in ("src", "poster") and value and not value.startswith("data:"):
                self.bad.append(f"{tag} {key}={value!r}")


def _unescaped(task: Task) -> Iterable[str]:
    """What a name or value of the file could do in the page or the table."""
    page = _Page()
    page.feed((task.reports / f"{task.name}.html").read_text())
    if page.bad:
        yield f"the page holds {page.bad[:3]}"
    file = task.reports / f"{task.name}.csv"
    if file.exists():
        import csv

        with file.open(newline="") as lines:
            for row in csv.reader(lines):
                for cell in row:
                    if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not _number(cell)):
                        yield f"a spreadsheet would run {cell!r}"


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
