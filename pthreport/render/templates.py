"""The templates' surroundings: where their files are, their filters, how every text is escaped."""

from collections.abc import Callable
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pthreport.render import numbers
from pthreport.render.page.kinds import family
from pthreport.render.page.text import brief, name, plain, sentence, shown
from pthreport.render.templates_folder import templates_folder


@cache
def asset(file: str) -> str:
    """The text of a style or a script beside the templates."""
    return templates_folder().joinpath(file).read_text("utf-8")


@cache
def environment() -> Environment:
    """The environment of all templates: whatever is written is escaped and visible."""
    made = Environment(
        loader=FunctionLoader(_template),
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
        "plural": numbers.plural,
        "family": family,
        "name": name,
        "brief": brief,
        "plain": plain,
        "sentence": sentence,
    }
    made.filters.update(filters)
    return made


def _template(path: str) -> str | None:
    file = templates_folder()
    for part in path.split("/"):
        file = file.joinpath(part)
    return file.read_text("utf-8") if file.is_file() else None


def _shown(item: object) -> object:
    """Whatever a template writes out: texts with hidden characters made visible, markup as it is."""
    return shown(item) if type(item) is str else item
