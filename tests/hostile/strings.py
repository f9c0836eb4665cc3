"""Names and values that would do harm where a report shows them."""

import struct

from tests.hostile.archives import torch_file
from tests.hostile.case import Case
from tests.hostile.headers import one, safetensors
from tests.hostile.pickled import P2, STOP, call, mapping, number, tensor, text

NAMES = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'\"><svg/onload=alert(1)>",
    "javascript:alert(1)", "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[",
    "{{ 7*7 }}", "{% for x in () %}", "${7*7}", "#{7*7}", "%s%n", "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0",
    "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "\x9b31m", "\x07\x08\x0c\x0b\x0e", "\x00nul\x00",
    "\u202eevil\u202c", "\u2066x\u2069", "\u200b\u200d\ufeff", "\ud800", "\udfff\ud800", "\ufffe\uffff", "\u2028\u2029", "a\nb\r\nc", "\\", "\\u003c",
    "&lt;b&gt;", "&#60;b&#62;", "a|b", "`code`", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "**bold**", "# heading", "<b>x</b>",
    "url(http://evil.example/x)", "expression(alert(1))", "../../etc/passwd", "C:\\x", "file:///etc/passwd", "", " ", ".", "..", "a" * 5_000,
    "\u0301" * 500, "\U0001f469\u200d\U0001f4bb", "\u05d0\u05d1", "\u0635\u0644\u0649", "con", "nul.txt", "constructor", "__proto__", "toString", "hasOwnProperty",
)  # fmt: skip
"""For HTML, scripts, styles, templates, spreadsheets, terminals, Markdown, paths, and bidirectional text."""

_DIGITS = b"\x8b" + struct.pack("<i", 2077) + (10**5000).to_bytes(2077, "little")
_NAN = b"G\x7f\xf8" + bytes(6)

VALUES = mapping(
    html=text("<script>alert(1)</script>"), address=text("http://169.254.169.254/latest/meta-data"), digits=_DIGITS, nan=_NAN,
    infinity=b"G\x7f\xf0" + bytes(6), raw=b"C\x04\xff\xfe\x00\x1b", escape=text("\x1b[2J"), many=b"](" + number(1) * 2_000 + b"e",
    epoch=text("<b>3</b>"), args=call("argparse", "Namespace") + mapping(lr=text("<i>0.1</i>"), path=text("=1+1")) + b"b",
)  # fmt: skip

_KEYS = (
    number(5), number(-5), b"N", b"\x88", b"\x89", _NAN, b"C\x02\xff\xfe", _DIGITS, b"(K\x01X\x01\x00\x00\x00at", b")", text("5"),
    tensor(), b"G?\xe0" + bytes(6), b"]", b"}", call("builtins", "complex", number(1), number(2)),
)  # fmt: skip

_MODULE = "<script>alert(1)</script>"
_ESCAPED = "\x1b[2J\u202e"


def _strings(
    title: str, content: bytes, what: str, ending: str = ".pt", names: tuple[str, ...] = ()
) -> Case:
    return Case(title, "strings", content, what, names, opens=True, ending=ending)


CASES: list[Case] = [
    _strings("names", torch_file(P2 + b"}(" + b"".join(text(one) + tensor() for one in NAMES) + b"u."), "names of tensors"),
    _strings("layers", torch_file(P2 + b"}(" + b"".join(text(f"{one}.weight") + tensor() for one in NAMES) + b"u."), "names of layers"),
    _strings("values", torch_file(P2 + VALUES + STOP), "values beside the weights"),
    _strings("keys", torch_file(P2 + b"}(" + b"".join(key + tensor() for key in _KEYS) + b"u."), "keys that are no texts"),
    _strings("imports", P2 + b"(" + b"".join(call(one, "x").replace(b"\n", b"\n") for one in (_MODULE, _ESCAPED)) + b"l.",
             "names of modules", ".pkl", (f"{_MODULE}.x",)),
    _strings("metadata", safetensors({"__metadata__": {"format": "pt", "note": "<script>alert(1)</script>", "\x1b[2J": "=1+1"}, **one()}),
             "metadata of safetensors", ".safetensors"),
    _strings("header_names", safetensors({name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for name in NAMES
             if name.isprintable()} | one()), "names in a safetensors header", ".safetensors"),
    _strings("root", torch_file().replace(b"archive", b"<b>x<b>"), "HTML for the archive's folder"),
]  # fmt: skip
