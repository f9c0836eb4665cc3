"""Everything that the templates write of a report, prepared once, for the page and for paper."""

from pathlib import Path

from pthreport.document import Report
from pthreport.render.page.adapters import adapters
from pthreport.render.page.architecture import architecture
from pthreport.render.page.bounds import Bounds
from pthreport.render.page.choose import choose
from pthreport.render.page.classes import sources
from pthreport.render.page.contents import contents
from pthreport.render.page.experts import experts
from pthreport.render.page.findings import findings
from pthreport.render.page.gallery import gallery
from pthreport.render.page.glossary import glossary
from pthreport.render.page.index import index
from pthreport.render.page.kinds import FAMILY_WORDS
from pthreport.render.page.layers import COLUMNS, Source, layers, loose_tensors
from pthreport.render.page.levels import WORDS
from pthreport.render.page.model import models
from pthreport.render.page.precision import precision
from pthreport.render.page.safety import safety
from pthreport.render.page.spectra import spectra
from pthreport.render.page.spectrum import PART_HEAD
from pthreport.render.page.training import training
from pthreport.render.page.verdict import verdict


def prepared(
    report: Report, bounds: Bounds, own: Path | None = None, *, linked: bool = True
) -> dict[str, object]:
    """The variables of the sections' templates by name, at most as much as `bounds` allow. `own` is a folder with
    files that stand for ours; `linked`, the names of figures lead to the glossary."""
    look_up = index(report)
    choice = choose(report, look_up, bounds)
    pictures = gallery(report, look_up, choice, bounds)
    source = Source(report, look_up, choice, pictures, bounds)
    of_adapters = adapters(report, look_up, choice.anchors)
    of_experts = experts(report, look_up, choice.anchors)
    absent = {name for name, view in (("Adapters", of_adapters), ("Experts", of_experts)) if view is None}
    return {
        "report": report,
        "verdict": verdict(report, look_up),
        "findings": findings(report, look_up, choice.anchors, bounds),
        "safety": safety(report, bounds),
        "contents": contents(report.contents, look_up, choice.anchors, bounds),
        "sources": sources(report, bounds),
        "sources_left_out": max(len(report.sources) - bounds.sources, 0),
        "models": models(report, look_up, choice.anchors, bounds),
        "models_left_out": max(len(report.models) - bounds.models, 0),
        "adapters": of_adapters,
        "experts": of_experts,
        "architecture": architecture(report),
        "layers": layers(source),
        "loose": loose_tensors(source),
        "precision": precision(report, look_up, choice.anchors, bounds),
        "training": training(report, look_up, choice.anchors, bounds),
        "spectra": spectra(report, look_up, choice.anchors, bounds),
        "part_head": PART_HEAD,
        "gallery": pictures,
        "columns": COLUMNS,
        "families": FAMILY_WORDS,
        "words": WORDS,
        "glossary": glossary(report, look_up, own, linked=linked).without(frozenset(absent)),
    }
