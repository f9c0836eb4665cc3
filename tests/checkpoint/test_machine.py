"""The pickle machine: what CPython writes it reads; what is malformed it names, with the offset."""

import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import (
    CheckpointError,
    Collection,
    Global,
    Key,
    Limits,
    LongBytes,
    Mapping,
    Record,
    open_checkpoint,
)
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget
from pthreport.checkpoint.machine import Context, Outcome, run, state
from pthreport.checkpoint.rebuild import BUILDS, REBUILDS
from pthreport.checkpoint.source import Held, Source, open_file


def machine(content: bytes | Source, limits: Limits | None = None) -> Outcome:
    context = Context(limits or Limits(), Imports(), [], REBUILDS, BUILDS, Budget.of(limits or Limits()))
    return run(Held(content) if isinstance(content, bytes) else content, 0, context)


def plain(value: Any) -> Any:
    """A tree as Python's own values."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, Collection):
        kinds: dict[str, Any] = {"set": set, "frozenset": frozenset, "deque": deque}
        return kinds[value.kind](plain(item) for item in value.items)
    if isinstance(value, LongBytes):
        return value.read(0, len(value))
    return value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**100), max_value=2**100)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.complex_numbers(allow_nan=False)
)
KEYS = st.text(max_size=8) | st.integers(-(2**40), 2**40) | st.none() | st.tuples(st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=5)
        | st.sets(st.integers(), max_size=4)
        | st.frozensets(st.text(max_size=4), max_size=4)
        | st.lists(inner, max_size=3).map(deque)
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(value=VALUES, protocol=st.integers(0, 5))
def test_plain_values_come_back(value: Any, protocol: int) -> None:
    outcome = machine(pickle.dumps(value, protocol))
    assert outcome.error is None
    assert outcome.left_over == 0
    assert plain(outcome.value) == value


@pytest.mark.parametrize("protocol", range(6))
def test_the_window_moves_over_long_pickles(
    tmp_path: Path, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "WINDOW", 1500)
    monkeypatch.setattr(state, "LONG_BYTES", 50_000)
    value = {
        "short": [f"key {n}" for n in range(2000)],
        "long text": "ä\n" * 40_000,
        "bytes": bytes(range(256)) * 100,
        "more": [float(n) for n in range(1000)],
        "long bytes": b"\x80\x04." * 30_000,
        "end": (2**70, -1, None),
    }
    file = tmp_path / "long.pkl"
    file.write_bytes(pickle.dumps(value, protocol))
    source = open_file(file)
    outcome = machine(source)
    assert outcome.error is None
    assert plain(outcome.value) == value
    assert isinstance(outcome.value["long bytes"], LongBytes) == (protocol >= 3)
    source.close()


def test_named_containers_keep_their_names() -> None:
    ordered = OrderedDict(a=1)
    ordered.note = "kept"  # type: ignore[attr-defined]
    found = machine(pickle.dumps([ordered, Counter("aab"), defaultdict(list, {"k": [1]})], 2)).value
    assert [type(one) for one in found] == [Mapping] * 3
    assert [one.type_name for one in found] == [
        f"collections.{n}" for n in ("OrderedDict", "Counter", "defaultdict")
    ]
    assert found[0] == {"a": 1}
    assert found[0].attributes == {"note": "kept"}
    assert found[1] == {"a": 2, "b": 1}
    assert found[2] == {"k": [1]}
    factory = found[2].attributes["default_factory"]
    assert isinstance(factory, Global)
    assert (factory.module.strip("_"), factory.name) in {("builtin", "list"), ("builtins", "list")}


class Plain:
    """An object with attributes."""

    def __init__(self) -> None:
        self.name = "x"
        self.inner = [1, 2]


@pytest.mark.parametrize("protocol", range(6))
def test_objects_are_records(protocol: int) -> None:
    found = machine(pickle.dumps(Plain(), protocol)).value
    assert isinstance(found, Record)
    assert found.type_name == f"{__name__}.Plain"
    assert found.state == {"name": "x", "inner": [1, 2]}


def test_a_global_is_never_changed() -> None:
    content = b"\x80\x02ccollections\nOrderedDict\nq\x00}X\x01\x00\x00\x00aK\x01sbh\x00\x86."
    context = Context(Limits(), Imports(), [], REBUILDS, BUILDS, Budget.of(Limits()))
    changed, again = run(Held(content), 0, context).value
    assert isinstance(changed, Record)
    assert changed.state == {"a": 1}
    assert isinstance(again, Global)
    assert context.imports.listing(9)[0][0].verdict == "dangerous"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb"a\n\t\\\'\"b", "a\n\t\\'\"b"),
        (rb"\x41\102\0", "AB\0"),
        (rb"\xff\376", b"\xff\xfe"),
        (rb"\_ \x4", r"\_ \x4"),
    ],
)
def test_strings_of_python_2(text: bytes, value: str | bytes) -> None:
    assert machine(b"S'" + text + b"'\n.").value == value


def test_costly_keys_are_wrapped() -> None:
    deep: Any = ()
    for _ in range(60):
        deep = (deep, deep)
    content = pickle.dumps({(1, "a"): 1, 2**64: 2, "s": 3}, 2)
    found = machine(content).value
    assert found[(1, "a")] == 1
    assert [type(key) for key in found] == [tuple, Key, str]
    bomb = machine(b"\x80\x04}" + pickle.dumps(deep, 4)[2:-1] + b"Ns.").value
    assert [type(key) for key in bomb] == [Key]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0x1F", 31), (b"010", 8), (b"-0x10", -16), (b"1_0", 10), (b"0b11", 3), (b"12\0zz", 12), (b"\0", 0),
        (b"01", True), (b"00", False), (b"+1", True), (b" 1", True), (b"1", 1), (b"-0", False), (b" 7", 7),
        (b"9223372036854775808", 2**63), (b"-9223372036854775808", -(2**63)),
    ],
)  # fmt: skip
def test_numbers_as_text_are_those_of_cpython(text: bytes, value: int) -> None:
    """strtol with the base that the text says, then Python's literals; each was seen with CPython 3.11."""
    found = machine(b"\x80\x02I" + text + b"\n.").value
    assert found == value
    assert type(found) is type(value)


def test_cycles_are_kept() -> None:
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    found = machine(pickle.dumps(cycle, 2)).value
    assert found["self"] is found


MALFORMED = [
    (b"\x80\x02", "without its STOP", 2),
    (b"\x80\xff.", "protocol 255", 0),
    (b"\x80\x02K", "ends inside an instruction", 2),
    (b"\x80\x02J\x01", "ends inside an instruction", 2),
    (b"\x80\x02X\xff\xff\xff\x7fab.", "names 2,147,483,647 bytes where the pickle has 3 left", 2),
    (b"\x80\x04\x8d" + b"\xff" * 8 + b".", "bytes where the pickle has 1 left", 2),
    (b"\x80\x02T\xff\xff\xff\xff.", "a string of -1 bytes", 2),
    (b"\x80\x02\x8b\xff\xff\xff\xff.", "an integer of -1 bytes", 2),
    (b"\x80\x02t.", "needs a value or a mark", 2),
    (b"\x80\x020.", "needs a value or a mark", 2),
    (b"\x80\x02R.", "needs a value or a mark", 2),
    (b"\x80\x02}(K\x01u.", "a key without its value", 6),
    (b"\x80\x02K\x01K\x02Ns.", "items stored in a int", 7),
    (b"\x80\x02h\x07.", "memo entry 7 is used before it is made", 2),
    (b"\x80\x02q\x00.", "needs a value or a mark", 2),
    (b"\x80\x02p-1\n.", "needs a value or a mark|no memo index", 2),
    (b"\x80\x02I1__0\n.", "no integer", 2),
    (b"\x80\x02I08\n.", "no integer", 2),
    (b"\x80\x02F1e999\n.", "too large for a float", 2),
    (b"\x80\x02Fx\n.", "no number", 2),
    (b"\x80\x02Sabc\n.", "without its quotes", 2),
    (b"\x80\x02X\x01\x00\x00\x00\xff.", "not valid text", 2),
    (b"\x80\x02K\x01K\x02b.", "a state set on a int", 6),
    (b"\x80\x02c\xff\nx\n.", "not valid text", 2),
    (b"\x80\x04K\x01\x8c\x01a\x93.", "a name made of int and str", 7),
    (b"\x80\x05\x97.", "a buffer outside of the file", 2),
    (b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00.", "a frame of 255 bytes", 2),
    (
        b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00B\x01\x00\x00\x00a.",
        "crosses the end of its frame",
        17,
    ),
    (b"\x80\x04\x95\x0a" + bytes(7) + b"\x95\x00" + bytes(7) + b".", "a frame inside a frame", 11),
    (b"\x80\x02\xfe.", "byte 0xfe is no pickle opcode", 2),
    (b"\x80\x02.", "STOP without an object", 2),
    (b"\x80\x02N(.", "STOP without an object", 4),
    (b"\x80\x02\x85.", "needs a value or a mark", 2),
    (b"\x80\x02ca\nb\nNR.", "a call whose arguments are a NoneType", 8),
]


@pytest.mark.parametrize(("content", "words", "offset"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_pickles_are_named(content: bytes, words: str, offset: int) -> None:
    error = machine(content).error
    assert error is not None
    assert any(one in error.text for one in words.split("|")), error.text
    assert error.offset == offset


def test_what_stood_before_an_error_is_kept() -> None:
    content = b"\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b](K\x07K\x08X\x01\x00\x00\x00cK"
    outcome = machine(content)
    assert outcome.error is not None
    assert outcome.value == {"a": 1, "b": [7, 8, "c"]}


def test_limits_end_a_pickle() -> None:
    for content, limits, words in (
        (b"\x80\x02" + b"N0" * 50 + b"N.", Limits(opcodes=20), "opcodes"),
        (b"\x80\x02" + b"]" * 50 + b".", Limits(objects=20), "objects"),
        (b"\x80\x04N" + b"\x94" * 50 + b".", Limits(memo=20), "memo"),
        (b"\x80\x02X\x64\x00\x00\x00" + b"a" * 100 + b".", Limits(string_bytes=20), None),
        (b"\x80\x02\x8a\x64" + b"a" * 100 + b".", Limits(integer_bytes=20), "integer_bytes"),
        (b"\x80\x02I" + b"1" * 100 + b"\n.", Limits(line_bytes=20), "line_bytes"),
    ):
        error = machine(content, limits).error
        if words is None:
            assert error is None  # at hand already: the limit is for what must be read
        else:
            assert error is not None
            assert f"limit {words} is 20: --limit {words}=N raises it" in error.text


def test_calls_cannot_multiply_bytes() -> None:
    call = pickle.dumps(b"\xff" * 4000, 2)
    assert machine(call).value == b"\xff" * 4000
    content = (
        b"\x80\x02(c_codecs\nencode\nq\x00X\xe8\x03\x00\x00"
        + b"a" * 1000
        + b"X\x06\x00\x00\x00latin1\x86q\x01"
        + b"h\x00h\x01R" * 100
        + b"l."
    )
    error = machine(content, Limits(derived_bytes=50_000)).error
    assert error is not None
    assert "derived_bytes" in error.text


def test_a_lone_pickle_that_says_nothing_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x.pkl"
    file.write_bytes(b"\x80\x02N0(")
    with pytest.raises(CheckpointError, match="without its STOP") as raised:
        open_checkpoint(file)
    assert raised.value.offset == 5
    assert raised.value.path == file


PUTS = {b"p%d\n" % index: index for index in range(13)} | {
    b"q\x01": 1,
    b"r\x05\x00\x00\x00": 5,
    b"\x94": None,
}
"""Instructions that put into the memo, and under which index; None for the number of entries there are."""


@given(steps=st.lists(st.sampled_from([*PUTS, b"\x94", b"\x94"]), max_size=12))
def test_memo_entries_are_found_whatever_their_order(steps: list[bytes]) -> None:
    memo: dict[int, int] = {}
    for number, step in enumerate(steps):
        index = PUTS[step]
        memo[len(memo) if index is None else index] = number
    put = b"".join(b"K%c%s0" % (number, step) for number, step in enumerate(steps))
    for index in range(26):
        outcome = machine(b"\x80\x04" + put + b"h%c." % index)
        assert (outcome.error is None) == (index in memo)
        assert index not in memo or outcome.value == memo[index]
