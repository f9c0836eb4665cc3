"""Names and texts, made fit to be shown: what is hidden is spelled out, what is long is cut, lists end.

A name is cut in its middle, since its end tells it from others; a sentence at the end of a word, never inside a
bracket or at a colon.
"""

import re
from collections.abc import Iterable

# Controls (C0, C1), soft hyphen, fillers and joiners without a form, Mongolian and other variation selectors (but
# not U+FE0F, which makes emoji of signs), zero-width characters, direction marks, line and paragraph separators,
# tags, and lone surrogates, which cannot be encoded at all.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def visible(text: str, longest: int | None = None) -> str:
    """`text` with every control, bidirectional or invisible character as its escape (`\\x1b`, `\\u202e`); a name of
    more than `longest` characters is cut first."""
    if longest is not None:
        text = cut(text, longest)
    return _UNSAFE.sub(lambda match: escape(match[0]), text)


def escape(character: str) -> str:
    """A character as its code point, the way Python writes it."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def encodable(text: str) -> str:
    """`text` with lone surrogates spelled out, so that it can be written as UTF-8; all else is as it was."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def cut(text: str, longest: int) -> str:
    """A name of at most `longest` characters, its middle left out where it has more: "encoder.lay…query.weight"."""
    if len(text) <= longest:
        return text
    tail = max(0, longest - 1) // 2
    head = max(0, longest - 1 - tail)
    return f"{text[:head]}…{text[len(text) - tail :]}"


def cut_value(text: str, longest: int) -> str:
    """A value from the file, cut like a name and followed by its length: "aaaa…aaaa (1,204 characters)"."""
    return text if len(text) <= longest else f"{cut(text, longest)} ({len(text):,} characters)"


def cut_sentence(text: str, longest: int) -> str:
    """A sentence of at most `longest` characters: what is too much is left out from the end of a word on.

    A bracket that would be cut is left out whole, or closed where little stands before it. A text of words too long
    for that, such as a single name, is cut in its middle.
    """
    if len(text) <= longest:
        return text
    outside, inside, closing = 0, 0, ""
    brackets: list[str] = []
    for position, character in enumerate(text[: max(0, longest - 1)]):
        if character.isspace():
            if not brackets:
                outside = position
            elif position + len(f" …{''.join(brackets)}") <= longest:
                inside, closing = position, "".join(reversed(brackets))
        elif character in _BRACKETS:
            brackets.append(_BRACKETS[character])
        elif brackets and character == brackets[-1]:
            brackets.pop()
    if outside >= longest // 2:
        end, closing = outside, ""
    elif inside >= longest // 2:
        end = inside
    else:
        return cut(text, longest)
    return f"{text[:end].rstrip(' ,;:–-')} …{closing}"


def listed(items: Iterable[str], most: int = 3) -> str:
    """The first `most` items, and how many more there are: "a, b, c and 5 more"."""
    every = list(items)
    rest = len(every) - most
    shown = ", ".join(every[:most])
    return f"{shown} and {rest:,} more" if rest > 0 else shown
