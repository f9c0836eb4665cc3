"""Pickles whose instructions are at the edge of what there is, or beyond."""

import struct

from tests.hostile.case import Case
from tests.hostile.pickled import P2, P4, STOP, name, text


def _edge(title: str, content: bytes, what: str, says: str = "", opens: bool | None = None) -> Case:
    """With `says` it must be refused or told; without, it is legal and read."""
    return Case(
        title,
        "malformed",
        content,
        what,
        says=says,
        opens=opens,
        partial=False if opens and not says else None,
    )


def _wide(code: bytes, length: int, form: str = "<Q") -> bytes:
    return P4 + code + struct.pack(form, length) + b"ab" + STOP


LONG = (10**5000).to_bytes(2077, "little")

CASES: list[Case] = [
    _edge("int_hex", b"(I0x10\nl.", "a hexadecimal number", opens=True),
    _edge("int_underscore", b"(I1_0\nl.", "an underscore in a number", opens=True),
    _edge("int_nul", b"(I12\0x\nl.", "a NUL in a number", opens=True),
    _edge("int_octal_8", b"(I08\nl.", "an octal number that is none", "no integer|text file|no format"),
    _edge("int_plus", b"(I+0\nl.", "a number with a plus sign", opens=True),
    _edge("int_bool", b"(I01\nI00\nl.", "booleans of protocol 0", opens=True),
    _edge("long_5000_digits", P2 + b"]\x8b" + struct.pack("<i", 2077) + LONG + b"a.", "more digits than Python prints",
          opens=True),
    _edge("long_text_5000_digits", b"(L" + b"9" * 5000 + b"L\nl.", "more digits than Python reads", opens=True),
    _edge("float_overflow", b"(F1e999\nl.", "a float too large", "too large|text file|no format"),
    _edge("float_underscore", b"(F1_0.5\nl.", "an underscore in a float", "no number|text file|no format"),
    _edge("additems_to_nothing", P4 + b"](\x90.", "nothing added to a list as to a set", opens=True),
    _edge("additems_to_list", P4 + b"](K\x01\x90.", "something added to a list as to a set", "added to a list"),
    _edge("additems_unhashable", P4 + b"\x8f(]}\x90.", "lists and dicts in a set", opens=True),
    _edge("slots_without_dict", P2 + name("a", "B") + b")\x81N}\x86b.", "empty slots", opens=True),
    _edge("state_on_number", P2 + b"K\x01}b.", "a state set on a number", "a state set on a int"),
    _edge("open_mark", P2 + b"(N.", "STOP before a mark is closed", opens=True),
    _edge("stop_at_once", P2 + STOP, "STOP without an object", "without an object"),
    _edge("stop_alone", STOP, "STOP alone", "text file"),
    _edge("protocol_255", b"\x80\xffN.", "a protocol that does not exist", "protocol 255"),
    _edge("protocol_twice", P2 + P4 + b"].", "the protocol stated twice", opens=True),
    _edge("protocol_only", P2, "nothing but the protocol", "without its STOP"),
    _edge("tuple_without_mark", P2 + b"t.", "a tuple without a mark", "mark that is not on the stack"),
    _edge("tuple3_of_one", P2 + b"N\x87.", "a tuple of three with one value", "not on the stack"),
    _edge("setitems_odd", P2 + b"}(K\x01u.", "a key without its value", "key without its value"),
    _edge("put_negative", b"(lp-1\n.", "a negative memo index", "no memo index|text file|no format"),
    _edge("put_largest", P2 + b"]r\xff\xff\xff\xff0j\xff\xff\xff\xff.", "the largest memo index", opens=True),
    _edge("get_missing", P2 + b"h\x07.", "a memo entry that is not there", "memo entry 7"),
    _edge("get_text_missing", b"(g5\nl.", "the same in protocol 0", "memo entry 5|text file|no format"),
    _edge("text_2_63", _wide(b"\x8d", 2**63 - 1), "a text of 2^63 bytes", "left"),
    _edge("bytes_terabyte", _wide(b"\x8e", 2**40), "a byte string of a terabyte", "left"),
    _edge("bytearray_2_62", _wide(b"\x96", 2**62), "a byte array of 2^62 bytes", "left"),
    _edge("string_negative", b"(" + b"T" + struct.pack("<i", -1) + b"abl.", "a string of -1 bytes", "-1 bytes|no format"),
    _edge("long_negative", P2 + b"\x8b" + struct.pack("<i", -1) + STOP, "a number of -1 bytes", "-1 bytes"),
    _edge("long_2_gigabytes", _wide(b"\x8b", 2**31 - 1, "<i"), "a number of two gigabytes", "left"),
    _edge("frame_huge", _wide(b"\x95", 2**62), "a frame of 2^62 bytes", "left"),
    _edge("frame_short", P4 + b"\x95" + struct.pack("<Q", 2) + text("abcdef") + STOP, "an instruction over its frame's end",
          "crosses the end of its frame"),
    _edge("frame_nested", P4 + b"\x95" + struct.pack("<Q", 11) + b"\x95" + struct.pack("<Q", 2) + b"].",
          "a frame in a frame", "a frame inside a frame"),
    _edge("buffer_out_of_band", b"\x80\x05\x97.", "a buffer that is not in the file", "buffer outside"),
    _edge("readonly_of_nothing", b"\x80\x05\x98.", "a buffer made read-only that is not there", "not on the stack"),
    _edge("text_not_utf8", P2 + text(b"\xff\xfe") + STOP, "a text that is not UTF-8", "not valid text"),
    _edge("name_not_utf8", P2 + b"]c\xff\n\xfe\na.", "a name that is not UTF-8", "not valid text"),
    _edge("name_without_end", P2 + b"]cos\nsystem", "a name that the file ends in", "ends inside a text line"),
    _edge("lone_surrogate", P2 + b"]" + text("\udc80\ud800") + b"a.", "half of a surrogate pair", opens=True),
    _edge("unicode_escape_bad", b"(V\\uZZZZ\nl.", "an escape that is none", "not valid text|text file|no format"),
    _edge("string_unquoted", b"(Sabc\nl.", "a string without quotes", "without its quotes|text file|no format"),
    _edge("python2_string", P2 + b"]U\x02\xff\xfea.", "a string of Python 2 that is no text", opens=True),
    _edge("persistent_id_text", b"(Pabc\nl.", "a persistent id in protocol 0", opens=True),
    _edge("empty_file", b"", "no bytes", "an empty file"),
    _edge("newobj_of_number", P2 + b"K\x01)\x81.", "a number called as a class", opens=True),
    _edge("inst_without_mark", b"]ios\nsystem\n.", "INST without a mark", "not on the stack"),
    _edge("dup_of_nothing", P2 + b"2.", "DUP of an empty stack", "not on the stack"),
    _edge("unknown_opcode", P2 + b"]\xff.", "a byte that is no instruction", "no pickle opcode"),
    _edge("appends_to_dict", P2 + b"}(K\x01e.", "values appended to a dict", "appended to a dict"),
    _edge("setitem_on_list", P2 + b"]K\x01K\x02s.", "items stored in a list", "stored in a list"),
    _edge("reduce_with_list", P2 + name("a", "b") + b"]R.", "arguments that are no tuple", "arguments are a list"),
    _edge("left_over", P2 + b"K\x01K\x02].", "values that nothing takes", "leaves 2 values unused", opens=True),
]  # fmt: skip
