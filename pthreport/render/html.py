"""The page: one self-contained HTML document from a `Report`.

The data is prepared in `pthreport.render.page`, written by the templates. The page holds exactly one
style and one script, both named by their hash in a policy that forbids everything else.
"""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

from pthreport.document import Report
from pthreport.render.page.bounds import page_bounds
from pthreport.render.page.download import download
from pthreport.render.page.prepared import prepared
from pthreport.render.templates import asset, environment

SCRIPT = ("numbers", "links", "sorting", "export", "layers")
"""The files of `templates/script/`, in the order in which they are written into the page."""


def render_html(report: Report, own: Path | None = None) -> str:
    """The page as a string of UTF-8 text; the same report gives the same string. `own` is a folder with
    templates that stand for ours."""
    style, script = asset("style.css", own), _script(own)
    bounds = page_bounds(report)
    return (
        environment(own)
        .get_template("report.html")
        .render(
            prepared(report, bounds, own),
            policy=policy(style, script),
            style=Markup(style),
            script=Markup(script),
            download=download(report, bounds),
        )
    )


def _script(own: Path | None) -> str:
    """The parts of the script as one, in a scope of its own."""
    parts = "".join(asset(f"script/{part}.js", own) for part in SCRIPT)
    return f'(function () {{\n"use strict";\ndocument.documentElement.classList.add("js");\n{parts}}})();\n'


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy under which exactly this style and this script may act."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
