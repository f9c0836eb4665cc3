"""The verdict: three answers, counts by severity, the worst findings."""

from dataclasses import dataclass

from pthreport.document import Report, Statement, numbers
from pthreport.render.page.index import Index
from pthreport.render.page.levels import STATE_ICONS, WORDS, Level
from pthreport.render.page.text import plain

CONTAINERS = {
    "torch-zip": "PyTorch zip",
    "torch-legacy": "PyTorch legacy (before 1.6)",
    "torch-tar": "PyTorch tar (before 0.1.10)",
    "torchscript": "TorchScript",
    "torch-package": "torch.package",
    "torch-export": "torch.export",
    "safetensors": "safetensors",
    "sharded": "sharded checkpoint",
    "dcp": "distributed checkpoint",
    "deepspeed": "DeepSpeed checkpoint",
    "gguf": "GGUF",
    "pickle": "pickle",
}


@dataclass(frozen=True)
class Answer:
    """One of the three questions with its answer; `icon` and `word` say the state without colour."""

    question: str
    word: str
    icon: Level
    state: str
    text: str


@dataclass(frozen=True)
class Line:
    """One finding in a list of links."""

    level: Level
    word: str
    title: str
    evidence: str
    anchor: str


@dataclass(frozen=True)
class Count:
    """How many findings of one level."""

    level: Level
    number: int
    words: str


@dataclass(frozen=True)
class Verdict:
    """What stands above everything else."""

    answers: tuple[Answer, ...]
    counts: tuple[Count, ...]
    worst: tuple[Line, ...]
    more: int
    facts: tuple[tuple[str, str, str], ...]


def verdict(report: Report, index: Index) -> Verdict:
    """The verdict of `report` in the page's words."""
    summary = report.summary
    # A check that crashed counts as an error in the summary.
    counts = [
        Count("error", summary.errors, numbers.plural(summary.errors, "error")),
        Count("warning", summary.warnings, numbers.plural(summary.warnings, "warning")),
        Count("note", summary.notes, numbers.plural(summary.notes, "note")),
        Count("pass", summary.passed, f"{numbers.count(summary.passed)} passed"),
    ]
    worst = tuple(line(report, index, number) for number in summary.worst)
    open_ones = sum(shown in ("error", "warning", "note", "crash") for shown in index.levels)
    return Verdict(
        answers=(
            _answer("Is it safe to load?", summary.safety),
            _answer("Is it healthy?", summary.health),
            _answer("How much was examined?", summary.examined),
        ),
        counts=tuple(counts),
        worst=worst,
        more=open_ones - len(worst),
        facts=_facts(report),
    )


def line(report: Report, index: Index, number: int) -> Line:
    """One finding as a line of a list."""
    finding, shown = report.findings[number], index.levels[number]
    return Line(shown, WORDS[shown], finding.title, finding.evidence, index.finding_anchors[number])


def _answer(question: str, statement: Statement) -> Answer:
    """The answer's word as a heading, and the rest of its text."""
    word, text = statement.word or WORDS[statement.state], statement.text
    for end in (". ", ": "):
        if text.startswith(word + end):
            rest = text[len(word + end) :]
            text = rest[:1].upper() + rest[1:]
    return Answer(question, word, STATE_ICONS[statement.state], statement.state, text)


def _facts(report: Report) -> tuple[tuple[str, str, str], ...]:
    """Label, text, and the exact form for a hover."""
    checkpoint = report.checkpoint
    nbytes = sum(tensor.nbytes for tensor in report.tensors)
    facts = [
        ("Size", numbers.size(checkpoint.size), numbers.plural(checkpoint.size, "byte")),
        ("Container", CONTAINERS[checkpoint.container], checkpoint.container),
        ("Tensors", numbers.count(len(report.tensors)), f"{numbers.plural(nbytes, 'byte')} of values"),
    ]
    models = report.models
    if models:
        parameters = sum(model.parameters for model in models)
        layers = sum(len(model.layer_list) for model in models)
        if len(models) > 1:
            each = ", ".join(
                f"{plain(model.label or model.key, 60)} {model.parameters:,}" for model in models[:8]
            )
            facts.append(("Models", numbers.count(len(models)), each))
        facts.append(("Parameters", numbers.count(parameters), f"{parameters:,}"))
        facts.append(("Layers", numbers.count(layers), f"{layers:,}"))
    return tuple(facts)
