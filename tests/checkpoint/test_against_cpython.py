"""Differential: whatever CPython's unpickler accepts, its imports are in our list."""

import json
import pickle
import random
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path, PurePosixPath

import numpy as np

from pthreport.checkpoint import Limits
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget
from pthreport.checkpoint.machine import Context, run
from pthreport.checkpoint.machine.run import HANDLERS
from pthreport.checkpoint.rebuild import BUILDS, REBUILDS
from pthreport.checkpoint.source import Held

ROOT = Path(__file__).parents[2]
PIECES = [
    b"cos\nsystem\n",
    b"ca.b\nc.d\n",
    b"ccollections\nOrderedDict\n",
    b"\x8c\x02os\x8c\x06system\x93",
    b"\x8c\x02os\x94",
    b"(ios\nsystem\n",
    b"(cos\nsystem\no",
    b"X\x01\x00\x00\x00a",
    b"K\x01",
    b"N",
    b"h\x00",
    b"h\x01",
    b"q\x00",
    b"q\x01",
    b"\x94",
    b")R",
    b")\x81",
    b")}\x92",
    b"}b",
    b"}",
    b"]",
    b")",
    b"(",
    b"(t",
    b"(u",
    b"(e",
    b"a",
    b"s",
    b"0",
    b"1",
    b"2",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x93",
    b"Q",
    b"P1\n",
    b"\x8f",
    b"(\x90",
    b"(\x91",
    b"I01\n",
]
NOT_GENERATED = (b"\x95", b"r")
"""FRAME: CPython before 3.13.15 goes on at another byte when an instruction crosses a frame's end, which
this reader refuses. LONG_BINPUT: CPython allocates whatever index it names."""


def written() -> list[bytes]:
    """Pickles as Python writes them."""
    values = [
        OrderedDict(a=1),
        np.arange(3),
        np.float32(2),
        [PurePosixPath("a"), {1, 2}, 1j, frozenset("ab"), bytearray(b"x"), slice(1, 2)],
        random.Random(1).getstate(),
    ]
    return [pickle.dumps(value, protocol) for value in values for protocol in range(6)]


def generated(count: int) -> list[bytes]:
    """Instructions at random: most fail early, some hundred go through."""
    chance = random.Random(20)
    known = [bytes([code]) for code in range(256) if HANDLERS[code].__name__ != "refuse"]
    singles = [one for one in known if one not in NOT_GENERATED]
    made = []
    for _ in range(count):
        pieces = chance.choices([*PIECES, *chance.sample(singles, 3)], k=chance.randrange(1, 14))
        made.append(b"\x80\x04" + b"".join(pieces) + b".")
    return made


def ours(content: bytes) -> set[tuple[str, str]]:
    context = Context(Limits(), Imports(), [], REBUILDS, BUILDS, Budget.of(Limits()))
    run(Held(content), 0, context)
    return {(one.module, one.name) for one in context.imports.listing(1000)[0]}


def test_no_import_that_cpython_makes_is_missing() -> None:
    pickles = written() + generated(20_000)
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("recording.py"))],
        input="".join(f"{content.hex()}\n" for content in pickles),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    theirs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(theirs) == len(pickles)
    accepted = 0
    for content, names in zip(pickles, theirs, strict=True):
        if names is not None:
            accepted += 1
            missing = {tuple(name) for name in names} - ours(content)
            assert not missing, (content, missing)
    assert all(names is not None for names in theirs[: len(written())])
    assert accepted > 500
