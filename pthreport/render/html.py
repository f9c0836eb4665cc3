"""The page: one self-contained HTML document from a `Report`.

The data is prepared in `pthreport.render.page`, written by the templates. The page holds exactly one
style and one script, both named by their hash in a policy that forbids everything else.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pthreport.document import Report
from pthreport.render import numbers
from pthreport.render.page.choose import choose
from pthreport.render.page.contents import contents
from pthreport.render.page.download import packed_json
from pthreport.render.page.findings import findings
from pthreport.render.page.gallery import gallery
from pthreport.render.page.index import index
from pthreport.render.page.kinds import FAMILY_WORDS
from pthreport.render.page.layers import COLUMNS, Source, layers, loose_tensors
from pthreport.render.page.levels import WORDS
from pthreport.render.page.model import models
from pthreport.render.page.precision import HEAD as PRECISION_HEAD
from pthreport.render.page.precision import precision
from pthreport.render.page.safety import safety
from pthreport.render.page.spectra import HEAD, spectra
from pthreport.render.page.spectrum import PART_HEAD
from pthreport.render.page.text import brief, name, plain, sentence, shown
from pthreport.render.page.training import training
from pthreport.render.page.verdict import verdict
from pthreport.render.templates_folder import templates_folder


def render_html(report: Report) -> str:
    """The page as a string of UTF-8 text; the same report gives the same string."""
    look_up = index(report)
    choice = choose(report, look_up)
    pictures = gallery(report, look_up, choice)
    source = Source(report, look_up, choice, pictures)
    style, script = _asset("style.css"), _asset("script.js")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            policy=policy(style, script),
            style=Markup(style),
            script=Markup(script),
            verdict=verdict(report, look_up),
            findings=findings(report, look_up, choice.anchors),
            safety=safety(report),
            contents=contents(report.contents, look_up, choice.anchors),
            models=models(report, look_up, choice.anchors),
            layers=layers(source),
            loose=loose_tensors(source),
            precision=precision(report, look_up, choice.anchors),
            precision_head=PRECISION_HEAD,
            training=training(report, look_up, choice.anchors),
            spectra=spectra(report, look_up, choice.anchors),
            spectra_head=HEAD,
            part_head=PART_HEAD,
            gallery=pictures,
            columns=COLUMNS,
            download=packed_json(report),
            families=FAMILY_WORDS,
            words=WORDS,
        )
    )


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy under which exactly this style and this script may act."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _asset(file: str) -> str:
    return templates_folder().joinpath(file).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
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
        "name": name,
        "brief": brief,
        "plain": plain,
        "sentence": sentence,
    }
    environment.filters.update(filters)
    return environment


def _template(path: str) -> str | None:
    file = templates_folder()
    for part in path.split("/"):
        file = file.joinpath(part)
    return file.read_text("utf-8") if file.is_file() else None


def _shown(item: object) -> object:
    """Whatever a template writes out: texts with hidden characters made visible, markup as it is."""
    return shown(item) if type(item) is str else item
