"""The report that a report's file carries: JSON itself, the numbers packed into a page, those attached to a PDF.

Such a file comes from anywhere: it is searched, never rendered, and nothing is unpacked beyond a bound.
"""

import base64
import binascii
import re
import zlib
from pathlib import Path

from pthreport.document import Report, ReportError, from_json

LARGEST = 1 << 30
"""Bytes of a report's file, and of the JSON that is unpacked from it."""

_IN_PAGE = re.compile(rb'href="data:application/gzip;base64,([A-Za-z0-9+/]+={0,2})"')
_IN_PDF = re.compile(
    rb"/Type\s*/EmbeddedFile\s*/Subtype\s*/application#2fjson[^>]{0,100}<</CheckSum[^>]{0,100}>/Size (\d{1,10})"
    rb"[^>]{0,200}>>[^>]{0,100}>>\r?\nstream\r?\n"
)


def report_in(path: Path) -> Report:
    """The report in the file at `path`, by what the file is and not by its name.

    A page lacks what is only drawn, and of very large reports the smallest tensors. Raises `ReportError`
    where the file holds no report of ours, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ReportError(f"{path}: the file cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise ReportError(f"{path}: larger than any report (the limit is {LARGEST >> 20:,} MiB)")
    try:
        if content.startswith(b"%PDF-"):
            return from_json(_attached(content))
        if content[:1] in (b"{", b"\xef"):
            return from_json(content)
        return from_json(_packed(content))
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error


def _packed(page: bytes) -> bytes:
    """The JSON that stands in the page as gzip in a data address."""
    found = _IN_PAGE.search(page)
    if found is None:
        raise ReportError("no report of pthreport is in it (a report is .html, .pdf or .json)")
    try:
        return _unpacked(base64.b64decode(found[1], validate=True), 31)
    except binascii.Error as error:
        raise ReportError(f"the numbers in the page are damaged: {error}") from error


def _attached(document: bytes) -> bytes:
    """The attachment of a PDF that is JSON."""
    found = _IN_PDF.search(document)
    if found is None:
        raise ReportError("the PDF has no report of pthreport attached")
    content = _unpacked(document[found.end() :], 15)
    if len(content) != int(found[1]):
        raise ReportError("the report attached to the PDF is damaged: its size is not the one it states")
    return content


def _unpacked(packed: bytes, window: int) -> bytes:
    machine = zlib.decompressobj(window)
    try:
        content = machine.decompress(packed, LARGEST)
    except zlib.error as error:
        raise ReportError(f"the numbers in it are damaged: {error}") from error
    if not machine.eof:
        raise ReportError(
            "the numbers in it end too early" if len(content) < LARGEST else "the numbers in it have no end"
        )
    return content
