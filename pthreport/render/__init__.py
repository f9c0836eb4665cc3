"""From a `Report` to files: one renderer a kind, chosen by the ending of the output's name."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pthreport.document import Report, to_json

__all__ = [
    "FORMATS",
    "OutputError",
    "Surroundings",
    "check_kind",
    "check_place",
    "check_templates",
    "format_of",
    "notebook",
    "render",
    "write",
]


class OutputError(Exception):
    """A report cannot be written: unknown ending, or a place that does not take it."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a renderer may know beside the report. `place` is the checkpoint's path from the root of its
    repository, which SARIF tells code hosts and no other kind records; `templates` a folder with templates and
    styles of one's own, for .html and .pdf."""

    place: str | None = None
    templates: Path | None = None


def _html(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.html import render_html

    return _drawn(lambda: render_html(report, around.templates).encode("utf-8"), around)


def _drawn(draw: Callable[[], bytes], around: Surroundings) -> bytes:
    """What `draw` gives; an error in a template of one's own is its user's, told in one line."""
    if around.templates is None:
        return draw()
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        return draw()
    except TemplateSyntaxError as error:
        place = f"{error.name}, line {error.lineno}"
        raise OutputError(f"--template-dir {around.templates}: {place}: {error.message}") from error
    except (TemplateError, UnicodeDecodeError) as error:
        raise OutputError(f"--template-dir {around.templates}: {error}") from error


def _markdown(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.markdown import render_markdown

    return render_markdown(report).encode("utf-8")


def _csv(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.csv import render_csv

    return render_csv(report).encode("utf-8")


def _json(report: Report, around: Surroundings) -> bytes:
    return to_json(report)


def _sarif(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.sarif import render_sarif

    return render_sarif(report, around.place)


def _intoto(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.intoto import NoDigestError, render_intoto

    try:
        return render_intoto(report)
    except NoDigestError as error:
        raise OutputError(str(error)) from error


def _cyclonedx(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.cyclonedx import render_cyclonedx

    return render_cyclonedx(report)


def _pdf(report: Report, around: Surroundings) -> bytes:
    from pthreport.render.pdf import PangoMissingError, render_pdf

    try:
        return _drawn(lambda: render_pdf(report, around.templates), around)
    except PangoMissingError as error:
        raise OutputError(str(error)) from error


FORMATS: dict[str, Callable[[Report, Surroundings], bytes]] = {
    ".html": _html,
    ".pdf": _pdf,
    ".json": _json,
    ".md": _markdown,
    ".csv": _csv,
    ".sarif": _sarif,
    ".intoto.json": _intoto,
    ".cdx.json": _cyclonedx,
}
"""Endings and what writes them; what is text is UTF-8."""


def format_of(path: str | os.PathLike[str]) -> str:
    """The ending of `path` that decides its kind, the longest that fits. Raises `OutputError`."""
    name = Path(path).name.casefold()
    fitting = [ending for ending in FORMATS if name.endswith(ending)]
    if not fitting:
        raise OutputError(
            f"{os.fspath(path)}: the ending of an output chooses its kind, and this one is not known "
            f"(known: {', '.join(FORMATS)})"
        )
    return max(fitting, key=len)


def check_templates(folder: str | os.PathLike[str]) -> None:
    """Raise `OutputError` where `folder` is none, or holds no file that would be used."""
    from pthreport.render.templates import OWN, unused

    if not Path(folder).is_dir():
        raise OutputError(f"--template-dir {os.fspath(folder)}: is not a folder")
    if unused(Path(folder)):
        raise OutputError(
            f"--template-dir {os.fspath(folder)}: holds no file that would be used: neither {', '.join(OWN)} nor one "
            "named as a template of pthreport, such as sections/verdict.html"
        )


def check_kind(ending: str) -> None:
    """Raise `OutputError` now where this system lacks what the kind `ending` needs."""
    if ending == ".pdf":
        from pthreport.render.pdf import PangoMissingError, check_pango

        try:
            check_pango()
        except PangoMissingError as error:
            raise OutputError(str(error)) from error


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise `OutputError` now where writing `path` would fail later, after all the work."""
    target = Path(path)
    folder = target.parent
    if target.is_dir():
        raise OutputError(f"{target}: is a folder; name a file in it")
    if not folder.exists():
        raise OutputError(f"{target}: the folder {folder} does not exist; create it first")
    if not folder.is_dir():
        raise OutputError(f"{target}: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{target}: no permission to write into the folder {folder}")


def render(report: Report, ending: str, around: Surroundings | None = None) -> bytes:
    """The bytes of `report` in the kind that `ending` names. Raises `OutputError` where none does."""
    if ending not in FORMATS:
        raise OutputError(f"no renderer for {ending!r} (known: {', '.join(FORMATS)})")
    return FORMATS[ending](report, around or Surroundings())


def write(
    report: Report,
    path: str | os.PathLike[str],
    format: str | None = None,
    around: Surroundings | None = None,
) -> None:
    """Write `report` to `path`: beside it first, then in its place, so that no half report is left.

    `format` ("html", "json", ...) overrides the ending. Raises `OutputError`.
    """
    ending = "." + format.removeprefix(".") if format else format_of(path)
    check_place(path)
    content = render(report, ending, around)
    target = Path(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part"
        )
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # A new file gets the permissions that open() would have given it, an old one keeps its own.
        os.chmod(temporary, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    except BaseException:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise


def notebook(report: Report) -> str:
    """The report as a notebook shows it: the whole page in a sandboxed frame of its own."""
    import html

    page = html.escape(render(report, ".html").decode("utf-8"), quote=True)
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{page}" width="100%" height="800" '
        f'style="border:0" title="{html.escape(report.title, quote=True)}"></iframe>'
    )


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
