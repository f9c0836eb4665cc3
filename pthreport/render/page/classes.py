"""Modules as the file itself describes them, and the source code that it carries."""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from pthreport.document import Model, Report, SourceText
from pthreport.document.text import visible
from pthreport.render.page.bounds import PAGE, Bounds

_TORCH = re.compile(r"^torch\.nn\.modules\.\w+\.")
"""Where torch defines its layers, which are imported from torch.nn."""


@dataclass(frozen=True)
class ClassView:
    """One module: how deep it stands, what its parent calls it, its class (and as torch documents it),
    its settings, and where the class's source is on the page."""

    depth: int
    label: str
    class_name: str
    short: str
    settings: str
    source: str | None


@dataclass(frozen=True)
class SourceView:
    """One text: `code` is markup, `lines` how many it has, `left_out` the characters that are not there."""

    name: str
    file: str | None
    anchor: str
    code: Markup
    lines: int
    characters: int
    left_out: int


def sources(report: Report, bounds: Bounds = PAGE) -> tuple[SourceView, ...]:
    """The source code in the file, escaped line by line; that of torch's own classes last."""
    views = [_source(source, number, bounds.code) for number, source in enumerate(report.sources, 1)]
    return tuple(sorted(views, key=lambda view: view.name.startswith("torch."))[: bounds.sources])


def _source(source: SourceText, number: int, most: int) -> SourceView:
    lines = _lines(source.text)
    left_out = source.characters - len(source.text) + sum(len(line) + 1 for line in lines[most:])
    return SourceView(
        name=source.name,
        file=source.file,
        anchor=f"source-{number}",
        code=Markup("\n").join(escape(visible(line)) for line in lines[:most]),
        lines=len(lines),
        characters=source.characters,
        left_out=left_out,
    )


def _lines(text: str) -> list[str]:
    return text.expandtabs(4).rstrip().split("\n") if text.strip() else []


def classes(report: Report, model: Model, bounds: Bounds = PAGE) -> tuple[ClassView, ...]:
    """The first modules of `model` that the file describes."""
    anchors = {source.name: f"source-{number}" for number, source in enumerate(report.sources, 1)}
    views = []
    for one in model.classes[: bounds.modules]:
        settings = ", ".join(f"{key}={value}" for key, value in one.settings.items())
        label = one.name.rpartition(".")[2] if one.name else "(model)"
        depth = one.name.count(".") + 1 if one.name else 0
        short = _TORCH.sub("torch.nn.", one.class_name)
        views.append(
            ClassView(min(depth, 12), label, one.class_name, short, settings, anchors.get(one.class_name))
        )
    return tuple(views)
