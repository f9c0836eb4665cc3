"""A PDF opened again: its parts by the names that ISO 32000 gives them."""

import io
from collections.abc import Iterator
from typing import Any, cast

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

Entries = dict[str, Any]
"""A dictionary object: names with their slashes."""


class Opened:
    """One PDF."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reader = PdfReader(io.BytesIO(content), strict=True)
        self.trailer: Any = self.reader.trailer
        self.root: Any = self.trailer["/Root"]
        self.pages = [page.extract_text() for page in self.reader.pages]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)

    def objects(self) -> Iterator[Entries]:
        """Every dictionary of the file, streams' own too, whether something leads to it or not."""
        for number in range(1, self.trailer["/Size"]):
            yield from _dictionaries(self.reader.get_object(number))

    def structure(self, kind: str) -> list[Entries]:
        """The elements of the structure tree of one kind ("Figure", "H2")."""
        return [
            item
            for item in self.objects()
            if item.get("/Type") == "/StructElem" and item.get("/S") == f"/{kind}"
        ]

    def fonts(self) -> list[Entries]:
        return [item for item in self.objects() if item.get("/Type") == "/FontDescriptor"]

    def bookmarks(self) -> list[tuple[str, int]]:
        """The outermost bookmarks, each with its page from 1 on."""
        return [
            (str(item.title), (self.reader.get_destination_page_number(item) or 0) + 1)
            for item in self.reader.outline
            if not isinstance(item, list)
        ]

    def links(self) -> list[Entries]:
        return [item for item in self.objects() if item.get("/Subtype") == "/Link"]

    def attachments(self) -> dict[str, tuple[Entries, bytes]]:
        """The file specification and the bytes of each attached file."""
        names = self.root["/Names"]["/EmbeddedFiles"]["/Names"]
        found = {}
        for at in range(0, len(names), 2):
            specification = names[at + 1].get_object()
            found[str(names[at])] = (specification, specification["/EF"]["/F"].get_data())
        return found


def _dictionaries(item: Any) -> Iterator[Entries]:
    """The dictionaries of one object, not following references."""
    if isinstance(item, IndirectObject):
        return
    if isinstance(item, DictionaryObject):
        yield cast(Entries, item)
        for value in item.values():
            yield from _dictionaries(value)
    elif isinstance(item, ArrayObject):
        for value in item:
            yield from _dictionaries(value)
