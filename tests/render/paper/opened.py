"""A PDF opened again: its parts by the names that ISO 32000 gives them."""

import io
import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from pthreport.document import Report
from pthreport.render.pdf import PangoMissingError, check_pango, render_pdf
from tests.conftest import needs_system

FACES = {"DejaVu-Sans", "DejaVu-Sans-Bold", "DejaVu-Sans-Mono", "DejaVu-Sans-Mono-Bold"}

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

    def acting(self) -> Iterator[Entries]:
        """What would run something or leads out of the file."""
        forbidden = {
            "/JS",
            "/JavaScript",
            "/AA",
            "/OpenAction",
            "/URI",
            "/Launch",
            "/A",
            "/RichMedia",
            "/XFA",
        }
        for item in self.objects():
            # A structure element's attributes are called /A too.
            keys = set(item) - ({"/A"} if item.get("/Type") == "/StructElem" else set())
            if keys & forbidden or item.get("/S") in (
                "/URI",
                "/Launch",
                "/JavaScript",
                "/GoToR",
                "/SubmitForm",
            ):
                yield item

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


def needs_pango() -> None:
    """Skip where no PDF can be made."""
    try:
        check_pango()
    except PangoMissingError:
        needs_system("Pango", False)


def opened(report: Report) -> Opened:
    """`report` as a PDF, made without a warning of WeasyPrint's or of a library that it uses."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(f"{record.name}: {record.getMessage()}")

    ear, loggers = Ear(logging.WARNING), [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    for logger in loggers:
        logger.addHandler(ear)
    try:
        content = render_pdf(report)
    finally:
        for logger in loggers:
            logger.removeHandler(ear)
    assert heard == []
    return Opened(content)


def nothing_in_the_margins(content: bytes, folder: Path) -> None:
    """Every sheet has something on it, and nothing within 12 mm of its sides."""
    needs_system("poppler", shutil.which("pdftoppm") is not None)
    from PIL import Image, ImageOps

    source = folder / "report.pdf"
    source.write_bytes(content)
    subprocess.run(["pdftoppm", "-r", "50", "-gray", source, folder / "page"], check=True)
    pages = sorted(folder.glob("page*"))
    assert pages
    for page in pages:
        with Image.open(page) as image:
            box = ImageOps.invert(image.convert("L")).point(lambda value: 255 * (value > 40)).getbbox()
            assert box is not None, page
            # The margins are 15 mm, three of which a mark may overhang.
            least = 12 / 210 * image.width
            assert box[0] >= least, page
            assert image.width - box[2] >= least, page


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
