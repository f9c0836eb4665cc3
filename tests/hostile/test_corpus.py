"""The corpus through the command line: nothing runs, hangs, exhausts memory, or passes for clean."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.corpus import GROUPS, write
from tests.hostile.run import ROOT, SAFETY, Task, common_faults, faults, watched

OTHERS = Path(os.environ.get("PTHREPORT_HOSTILE", ROOT.parent / "shared" / "hostile"))
"""Another corpus, with its cases in `cases.jsonl`, where there is one."""

PROVE = os.environ.get("PTHREPORT_PROVE") == "1"

KINDS = ("html", "json", "csv", "md")

BATCHES = (
    ("gadgets", "instructions", "tensors", "zips", "legacy"),
    ("headers", "folders", "strings", "foreign"),
    ("bombs",),
)
"""Groups that one interpreter goes through."""


def test_every_group_is_in_a_batch() -> None:
    assert sorted(group for batch in BATCHES for group in batch) == sorted(GROUPS)


@pytest.mark.parametrize("batch", BATCHES, ids=", ".join)
def test_batch(batch: tuple[str, ...], tmp_path: Path) -> None:
    cases = [case for group in batch for case in GROUPS[group] if PROVE or not case.slow]
    tasks = [
        Task(
            case.name,
            write(case, tmp_path / "files"),
            tmp_path,
            KINDS if case.kind == "strings" else KINDS[:2],
        )
        for case in cases
    ]
    results = watched(tasks)
    found = {
        case.name: wrong
        for case, task, result in zip(cases, tasks, results, strict=True)
        if (wrong := faults(case, task, result))
    }
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


def test_names_are_unique() -> None:
    names = [case.name for cases in GROUPS.values() for case in cases]
    assert len(names) == len(set(names))
    assert len(names) > 300


def test_the_safety_checks_exist() -> None:
    from pthreport.checks import CHECKS

    assert {check.id for check in CHECKS} >= SAFETY


WATCHED = """
import sys, tempfile
from tests.hostile.watched import Watch
watch = Watch()
with watch.watching() as events:
    try:
        {statement}
    except Exception:
        pass
print(*sorted({{event.split()[0] for event in events}}), sep=",")
"""


@pytest.mark.parametrize(
    ("statement", "event"),
    [
        ("import os; os.system('true')", "os.system"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("exec('1')", "exec"),
        ("eval('1')", "compile"),
        ("import this_module_is_not_there", "import"),
        ("import socket; socket.socket()", "socket.__new__"),
        ("import ctypes; ctypes.CDLL('libc.so.6')", "ctypes.dlopen"),
        ("import pickle; pickle.loads(b'cbuiltins\\nlen\\n.')", "pickle.find_class"),
        ("import marshal; marshal.loads(b'N')", "marshal.loads"),
        ("import os; os.posix_spawn('/bin/true', ['true'], {})", "os.posix_spawn"),
        ("1 + 1", ""),
    ],
)
def test_the_watch_hears(statement: str, event: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED.format(statement=statement)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert event in ran.stdout.strip().split(",")


@pytest.mark.skipif(not (OTHERS / "cases.jsonl").exists(), reason="no other corpus is at hand")
def test_a_corpus_of_others(tmp_path: Path) -> None:
    cases = [json.loads(line) for line in (OTHERS / "cases.jsonl").read_text().splitlines()]
    tasks = [Task(case["id"], OTHERS / case["file"], tmp_path, KINDS) for case in cases]
    found: dict[str, list[str]] = {}
    for case, task, result in zip(cases, tasks, watched(tasks), strict=True):
        wrong = list(common_faults(task, result))
        report = task.report()
        judged = {one["verdict"] for one in report["imports"]} if report else set()
        if case["cls"] == "control":
            clean = (
                report is not None
                and report["checkpoint"]["complete"]
                and not report["checkpoint"]["problems"]
            )
            failed = {
                one["check"]
                for one in (report or {}).get("findings", [])
                if one["status"] in ("fail", "warn")
            }
            if not clean or judged - {"known"} or failed & SAFETY:
                wrong.append(f"a good file is not clean: {failed & SAFETY}, {judged}")
        if case["cls"] == "malicious" and (report is None or not judged - {"known"} or result["exit"] != 1):
            wrong.append(f"it passes: {judged}")
        odd = (
            report is not None and report["checkpoint"]["complete"] and not report["checkpoint"]["problems"]
        )
        if case["cls"] == "malformed" and case["id"].startswith(("t", "z", "l", "st_", "ix_")) and odd:
            wrong.append("nothing is said of it")
        if wrong:
            found[case["id"]] = wrong
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())
