"""Text that came from a file, made safe to print: nothing in it is obeyed or hidden."""

import re
import unicodedata

# C0 and C1 controls, line and paragraph separators, bidirectional overrides and isolates, zero-width
# characters, tag characters, and lone surrogates (which cannot be encoded at all).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, longest: int | None = None) -> str:
    """`text` with every control, bidirectional or invisible character as its escape (`\\x1b`, `\\u202e`).

    Longer than `longest` characters, it is cut and its length said.
    """
    if longest is not None and len(text) > longest:
        return f"{visible(text[:longest])}… ({len(text):,} characters)"
    return _UNSAFE.sub(lambda match: escape(match[0]), text)


def width(text: str) -> int:
    """How many terminal columns `text` takes: wide East Asian characters two, combining ones none."""
    columns = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def escape(character: str) -> str:
    """A character as its code point, the way Python writes it."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
