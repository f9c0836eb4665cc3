"""Source code that stands in the file: what old torch kept beside a pickled class, and code members."""

from pthreport.anatomy.outline import Outline, Place
from pthreport.checkpoint import Global, LongBytes, ReadError, Record
from pthreport.document import SourceText

TEXT = 20_000
"""Characters of one text that a report holds."""

ALL = 200_000
"""Characters of all of them."""

WHOLE = 16 * 1024 * 1024
"""Both, where a report leaves nothing out."""


def source_texts(outline: Outline, everything: bool = False) -> tuple[SourceText, ...]:
    """The texts in the order in which the tree comes upon them, each once; those that find no room any
    more are listed with an empty text."""
    longest, left = (WHOLE, WHOLE) if everything else (TEXT, ALL)
    found: dict[str, SourceText] = {}
    for place in outline.places:
        said = _said(place)
        if said is None or said[0] in found:
            continue
        name, file, content = said
        most = min(longest, left)
        text, characters = _text(content, most)
        found[name] = SourceText(name=name, file=file, text=text, characters=characters)
        left -= len(text)
    return tuple(found.values())


def _said(place: Place) -> tuple[str, str | None, str | LongBytes] | None:
    """Name, file and code of what stands at `place`, None where there is no code."""
    value = place.value
    if isinstance(value, Record | Global) and value.source:
        return f"{value.module}.{value.name}", value.source_file, value.source
    if isinstance(value, LongBytes) and place.key.endswith(".py"):
        return place.key, None, value
    return None


def _text(content: str | LongBytes, most: int) -> tuple[str, int]:
    """The first `most` characters, and how many there are (bytes, where not all were read)."""
    if isinstance(content, str):
        return content[:most], len(content)
    try:
        text = content.read(0, most).decode("utf-8", "replace")
    except ReadError:
        return "", len(content)
    return text, len(text) if len(content) <= most else len(content)
