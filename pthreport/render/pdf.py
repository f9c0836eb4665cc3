"""The report on paper: a tagged PDF/A-3 from the same data as the page, its numbers attached.

Nothing is fetched and no font of the machine is asked: pictures lie in the document, the faces are those
that matplotlib ships. The same report gives the same bytes with the same libraries.
"""

import hashlib
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from shutil import copyfile
from threading import Lock
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

from markupsafe import Markup

from pthreport.document import Report, to_json
from pthreport.render.csv import render_csv
from pthreport.render.page.bounds import PAPER
from pthreport.render.page.prepared import prepared
from pthreport.render.paper.fit import fit
from pthreport.render.paper.letters import faces
from pthreport.render.paper.style import PictureStyle, palette_rule, picture_style
from pthreport.render.templates import asset, environment

VARIANT = "pdf/a-3a"
"""ISO 19005-3, level A: archivable, tagged, every letter with its meaning, files may be attached."""

UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
"""The date of the attachments where the report has none: the format asks for one."""

_fonts_lock = Lock()


class PangoMissingError(Exception):
    """The libraries that lay out a PDF are not installed on this system."""

    def __init__(self) -> None:
        super().__init__(
            "a PDF is laid out by Pango, which this system lacks: install libpango-1.0-0 and libpangoft2-1.0-0 "
            "(Debian, Ubuntu), pango (Fedora, Arch, Alpine, Homebrew), or write .html, which needs neither"
        )


def render_pdf(report: Report, own: Path | None = None) -> bytes:
    """The report as a PDF file; `own` is a folder with templates that stand for ours. Raises `PangoMissingError`."""
    with _fonts() as fonts:
        weasyprint = _weasyprint()
        style = _picture_style()
        created = _date(report.provenance.timestamp)
        text = (
            environment(own)
            .get_template("print.html")
            .render(
                prepared(report, PAPER, own, linked=False),
                created=f"{created:%Y-%m-%dT%H:%M:%SZ}" if created else "",
                download="",
                style=Markup(palette_rule(style) + asset("print.css", own)),
            )
        )
        document = weasyprint.HTML(string=text, url_fetcher=_fetcher(weasyprint))
        fit(document.etree_element, style)
        attachments = [
            weasyprint.Attachment(
                string=content,
                name=name,
                description=words,
                created=created or UNDATED,
                modified=created or UNDATED,
                relationship="Data",
            )
            for name, words, content in (
                ("report.json", "The whole report as data", to_json(report)),
                ("tensors.csv", "One row for each tensor", render_csv(report).encode("utf-8")),
            )
        ]
        try:
            with warnings.catch_warnings():
                # It leaves the file of the colour profile to be closed by itself.
                warnings.simplefilter("ignore", ResourceWarning)
                made: bytes = document.write_pdf(
                    font_config=fonts,
                    pdf_variant=VARIANT,
                    pdf_identifier=_identifier(report),
                    attachments=attachments,
                )
        except weasyprint.urls.FatalURLFetchingError as error:
            # Not an `Exception`, so that WeasyPrint itself does not go on.
            raise RuntimeError(f"the PDF asked for something outside itself: {error}") from error
        return made


def check_pango() -> None:
    """Raise `PangoMissingError` where a PDF cannot be made on this system."""
    with _fonts():
        pass


@cache
def _weasyprint() -> ModuleType:
    """WeasyPrint, which loads Pango when it is imported."""
    try:
        with warnings.catch_warnings():
            # It asks for the machine's fonts, and says so where there are none: we bring our own.
            warnings.simplefilter("ignore")
            import weasyprint
            import weasyprint.text.fonts
            import weasyprint.urls
    except OSError as error:
        raise PangoMissingError from error
    module: ModuleType = weasyprint
    return module


@contextmanager
def _fonts() -> Iterator[Any]:
    """A font configuration of the four faces and nothing else.

    Fontconfig reads the name of its file from the environment, when WeasyPrint is imported too.
    """
    with tempfile.TemporaryDirectory(prefix="pthreport-") as name:
        folder = Path(name)
        for face in faces():
            copyfile(face, folder / face.name)
        settings = folder / "fonts.conf"
        place = escape(name)
        settings.write_text(
            f"<fontconfig><dir>{place}</dir><cachedir>{place}/cache</cachedir></fontconfig>", "utf-8"
        )
        with _fonts_lock:
            before = os.environ.get("FONTCONFIG_FILE")
            os.environ["FONTCONFIG_FILE"] = str(settings)
            try:
                fonts = _weasyprint().text.fonts.FontConfiguration()
            finally:
                if before is None:
                    del os.environ["FONTCONFIG_FILE"]
                else:
                    os.environ["FONTCONFIG_FILE"] = before
        yield fonts


@cache
def _picture_style() -> PictureStyle:
    return picture_style(asset("style.css"))


def _fetcher(weasyprint: ModuleType) -> Any:
    """Lets pictures that lie in the document through, and nothing else."""

    class Inside(weasyprint.urls.URLFetcher):  # type: ignore[name-defined, misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith("data:image/"):
                raise weasyprint.urls.FatalURLFetchingError(f"{url[:200]} is not in the document")
            return super().fetch(url, headers)

    return Inside(allowed_protocols={"data"})


def _identifier(report: Report) -> bytes:
    """The file's identifier: of what it says, not of when it was made."""
    return hashlib.sha256(to_json(report)).hexdigest()[:32].encode("ascii")


def _date(timestamp: str | None) -> datetime | None:
    """The report's date where it is one in ISO 8601; another text stands in the provenance only."""
    if timestamp is None or not re.match(r"\d{4}-\d\d-\d\d", timestamp):
        return None
    try:
        given = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
