"""Differential: whatever CPython's unpickler accepts, its imports are in our list."""

import dataclasses
import enum
import functools
import json
import os
import pickle
import random
import subprocess
import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import Limits
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget
from pthreport.checkpoint.machine import Context, run
from pthreport.checkpoint.machine.run import HANDLERS
from pthreport.checkpoint.rebuild import BUILDS, REBUILDS
from pthreport.checkpoint.source import Held as HeldBytes

MORE = 20_000 if os.environ.get("PTHREPORT_PROVE") == "1" else 400
"""Values that are tried."""

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
    run(HeldBytes(content), 0, context)
    return {(one.module, one.name) for one in context.imports.listing(100_000)[0]}


class Recorder:
    """CPython's unpickler in a process of its own (recording.py), asked one pickle at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("recording.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def names(self, content: bytes) -> set[tuple[str, str]] | None:
        """What it would import; None where it refuses."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{content.hex()}\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return None if found is None else {(module, name) for module, name in found}

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


def test_no_import_that_cpython_makes_is_missing(recorder: Recorder) -> None:
    own = written()
    accepted = 0
    for at, content in enumerate(own + generated(20_000)):
        theirs = recorder.names(content)
        assert theirs is not None or at >= len(own)
        if theirs is not None:
            accepted += 1
            assert theirs <= ours(content), content
    assert accepted > 500


class Colour(enum.Enum):
    """Pickled by name, from protocol 4 on through getattr."""

    RED = 1


Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Held:
    """An object with a state."""

    value: Any


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=20),
    st.binary(max_size=20), st.fractions(), st.decimals(), st.dates(), st.datetimes(), st.timedeltas(), st.uuids(),
    st.sampled_from([Colour.RED, int, OrderedDict, len, range(3), slice(1), PurePosixPath("a"), Ellipsis]),
    st.sampled_from([np.float32(1), np.arange(3), np.dtype("f8"), np.ones((2, 2), ">i2"), KeyError("x"), array("d", [1])]),
    st.builds(bytearray, st.binary(max_size=5)),
)  # fmt: skip


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=4)
    return st.one_of(
        lists, lists.map(tuple), lists.map(deque), lists.map(lambda one: [one, one]), st.builds(Held, inner),
        st.builds(Point, inner, inner), st.dictionaries(st.text(max_size=5), inner, max_size=4),
        st.dictionaries(st.text(max_size=5), inner, max_size=4).map(OrderedDict),
        st.dictionaries(st.integers(), inner, max_size=4).map(lambda one: defaultdict(list, one)),
        st.frozensets(st.text(max_size=3), max_size=3), st.sets(st.integers(), max_size=3),
        st.text(max_size=5).map(Counter), lists.map(lambda one: functools.partial(len, *one)),
    )  # fmt: skip


VALUES = st.recursive(LEAVES, _containers, max_leaves=12)


@settings(max_examples=MORE)
@given(value=VALUES, protocol=st.integers(0, 5))
def test_any_value_in_any_protocol(recorder: Recorder, value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    theirs = recorder.names(content)
    assert theirs is not None
    assert theirs <= ours(content)


@settings(max_examples=MORE)
@given(value=VALUES, protocol=st.integers(0, 3), at=st.integers(0), byte=st.integers(0, 255))
def test_any_value_with_a_changed_byte(
    recorder: Recorder, value: Any, protocol: int, at: int, byte: int
) -> None:
    """Of protocols without frames: at a frame's end CPython goes on elsewhere."""
    content = bytearray(pickle.dumps(value, protocol))
    content[at % len(content)] = byte
    theirs = recorder.names(bytes(content))
    assert theirs is None or b"\x95" in content or theirs <= ours(bytes(content))


NUMBERS = st.one_of(
    st.text("0123456789xXoObBaefL_+-. \t\0infatyIN", max_size=8),
    st.integers(-(2**70), 2**70).map(str), st.integers().map(hex), st.floats().map(repr), st.integers(0, 99).map(str),
)  # fmt: skip


@settings(max_examples=MORE)
@given(code=st.sampled_from([b"I", b"L", b"F", b"Np", b"Np7\ng"]), text=NUMBERS)
def test_numbers_as_text_are_taken_as_cpython_takes_them(
    recorder: Recorder, code: bytes, text: str
) -> None:
    if code == b"Np":
        text = text[:5]  # CPython makes room for all indices before it
    content = b"\x80\x02" + code + text.encode() + b"\n."
    context = Context(Limits(), Imports(), [], REBUILDS, BUILDS, Budget.of(Limits()))
    ours_takes = run(HeldBytes(content), 0, context).error is None
    theirs = recorder.names(content)
    assert ours_takes or theirs is None
    assert not ours_takes or theirs is not None or len(text) < 2 or len(text) > 4_000


HIDES = (
    b"](K\x01e\x96\x02\x00\x00\x00\x00\x00\x00\x00ab(K\x01e0",  # values appended to a byte array
    b"]K\x05aK\x00K\x06s0",  # an item set in a list
    b"\x96\x02\x00\x00\x00\x00\x00\x00\x00abK\x00K\x06s0",  # in a byte array
    b"K\x01Nb0",  # no state set on a number
    b"K\x01N}\x86b0",  # no slots either
    b"I0x10\n0", b"I\x00\n0", b"I1_0\n0", b"Np 3\n0", b"Np+3\n0g\t3\n0",
)  # fmt: skip
"""What CPython takes, and another reader may not."""


@pytest.mark.parametrize("before", HIDES)
def test_nothing_hides_behind_what_only_cpython_takes(recorder: Recorder, before: bytes) -> None:
    content = b"\x80\x04" + before + b"cos\nsystem\n."
    assert recorder.names(content) == {("os", "system")}
    assert ("os", "system") in ours(content)
