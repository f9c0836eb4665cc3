"""The templates' surroundings: where their files are, their filters, how every text is escaped.

A folder of one's own may hold any of the files under the same name, which then stand for ours, and three more
that ours leave room for (`OWN`); "original/" before a name leads to ours nevertheless (docs/templates.md).
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pthreport.document import numbers
from pthreport.render.page.kinds import family
from pthreport.render.page.text import brief, name, plain, sentence, shown
from pthreport.render.templates_folder import templates_folder

OWN = ("own.css", "masthead.html", "own.html")
"""Colours and other rules after the styles, a logo above the title, sections before the provenance."""

_ORIGINAL = "original/"


def asset(file: str, own: Path | None = None) -> str:
    """The text of a style or a script beside the templates, or of the one in `own`; a style is followed by
    the rules of own.css."""
    text = _text(file, own)
    assert text is not None, f"{file} is missing: the installation is not complete"
    return text + ((_text("own.css", own) or "") if own and file.endswith(".css") else "")


def environment(own: Path | None = None) -> Environment:
    """The environment of all templates: whatever is written is escaped and visible."""
    return _made(own) if own else _packed()


def unused(own: Path) -> bool:
    """Whether `own` holds nothing that stands for one of ours or that ours leave room for."""
    return not any((own / name).is_file() for name in (*OWN, *_names(templates_folder())))


@cache
def _packed() -> Environment:
    return _made(None)


def _made(own: Path | None) -> Environment:
    made = Environment(
        loader=FunctionLoader(partial(_text, own=own)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., object]] = {
        "count": numbers.count,
        "size": numbers.size,
        "value": numbers.value,
        "percent": numbers.percent,
        "shape": numbers.shape,
        "plural": partial(numbers.plural, short=True),
        "family": family,
        "name": name,
        "brief": brief,
        "plain": plain,
        "sentence": sentence,
    }
    made.filters.update(filters)
    return made


def _text(path: str, own: Path | None) -> str | None:
    """The text of a file, None where there is none: first of `own`, then of ours."""
    mine = not path.startswith(_ORIGINAL)
    if own and mine and (own / path).is_file():
        return (own / path).read_text("utf-8")
    return _ours(path.removeprefix(_ORIGINAL))


@cache
def _ours(path: str) -> str | None:
    file = templates_folder()
    for part in path.split("/"):
        file = file.joinpath(part)
    return file.read_text("utf-8") if file.is_file() else None


def _names(folder: Traversable, at: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _names(entry, f"{at}{entry.name}/")
        else:
            yield at + entry.name


def _shown(item: object) -> object:
    """Whatever a template writes out: texts with hidden characters made visible, markup as it is."""
    return shown(item) if type(item) is str else item
