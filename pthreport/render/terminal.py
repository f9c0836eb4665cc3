"""The summary on the terminal: the verdict, the models, the layers that matter, the findings."""

from collections.abc import Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pthreport.document import Fact, Finding, Layer, Model, Node, Report, TensorRecord, numbers
from pthreport.document.text import cut_sentence, visible

LAYERS = 24
"""Layers shown of each model; a longer one shows its largest and those with findings."""

MODELS = 6
VALUES = 40
"""Values of a file without a tensor that are shown."""

FACTS = 8
NAME = 48
_MARKS = {
    "fail": ("✖", "bold red"),
    "error": ("✖", "bold red"),
    "warn": ("▲", "yellow"),
    "info": ("●", "blue"),
    "pass": ("✔", "green"),
}
_STATES = {
    "good": ("✔", "green"),
    "caution": ("▲", "yellow"),
    "bad": ("✖", "bold red"),
    "unknown": ("?", "dim"),
}
_BARS = " ▁▂▃▄▅▆▇█"


def print_report(report: Report, console: Console) -> None:
    """Print the summary of `report`. Nothing of the file is taken for markup or control codes."""
    facts, summary = report.checkpoint, report.summary
    console.print(Text(visible(report.title, 200), style="bold"))
    console.print(Text(visible(cut_sentence(summary.what, 400))))
    described = [visible(facts.name, 200)] if report.title != facts.name else []
    described += [numbers.size(facts.size), facts.container]
    if facts.files:
        described.append(numbers.plural(len(facts.files), "file"))
    if facts.sha256:
        described.append(f"SHA-256 {facts.sha256}")
    console.print(Text(" · ".join(described), style="dim"))
    if report.provenance.meta:
        given = (
            f"{visible(key, 60)} {visible(value, 120)}" for key, value in report.provenance.meta.items()
        )
        console.print(Text(" · ".join(given)))
    console.print()
    for label, statement in (
        ("Safe to load?", summary.safety),
        ("Healthy?", summary.health),
        ("Examined", summary.examined),
    ):
        mark, style = _STATES[statement.state]
        line = Text.assemble(
            (f"{mark} ", style), (f"{label} ", "bold"), visible(cut_sentence(statement.text, 400))
        )
        console.print(line)
    for problem in facts.problems[:5]:
        console.print(Padding(Text(visible(cut_sentence(problem, 300)), style="yellow"), (0, 0, 0, 2)))
    if len(facts.problems) > 5:
        console.print(
            Padding(
                Text(
                    f"{numbers.plural(len(facts.problems) - 5, 'more problem')} in the report", style="dim"
                ),
                (0, 0, 0, 2),
            )
        )
    _print_findings(report.findings, console)
    if not report.tensors:
        _print_contents(report.contents, console)
    records = {tensor.path: tensor for tensor in report.tensors}
    for model in report.models[:MODELS]:
        _print_model(model, records, report, console)
    if len(report.models) > MODELS:
        console.print(
            Text(
                f"\n{numbers.plural(len(report.models) - MODELS, 'more model')} in the report", style="dim"
            )
        )
    for optimizer in report.training.optimizers:
        words = f"{optimizer.kind} at {visible(optimizer.path or 'the root', 80)}: {numbers.plural(optimizer.parameters, 'parameter')}"
        if optimizer.matched:
            words += f", {optimizer.matched:,} matched to names by {optimizer.matched_by}"
        console.print(Text.assemble(("Optimizer ", "bold"), words))
    known = [*report.training.counters, *report.training.metrics][:FACTS]
    if known:
        words = ", ".join(f"{visible(f.name, 40)} {_last(f)}" for f in known)
        console.print(Text.assemble(("Training ", "bold"), words))


def _print_contents(root: Node, console: Console) -> None:
    """What is in a file without a tensor: its first values, with what stands directly in them."""
    lines = [(0, root), *((1, child) for child in root.children)]
    if len(root.children) <= VALUES // 4:
        lines = [(0, root)]
        for child in root.children:
            lines += [(1, child), *((2, inner) for inner in child.children)]
    console.print()
    for depth, node in lines[: VALUES + 1]:
        empty = '""' if node.kind == "string" else node.type + (f" of {node.count:,}" if node.count else "")
        words = visible(node.text, 100) or empty
        line = Text.assemble((f"{visible(node.key or '(root)', NAME)}  ", "bold"), words)
        console.print(Padding(line, (0, 0, 0, 2 * depth)))
    if len(lines) > VALUES + 1 or root.count > len(root.children):
        console.print(Text("  more values in the report", style="dim"))


def _print_findings(findings: tuple[Finding, ...], console: Console) -> None:
    shown = [f for f in findings if f.status in ("fail", "error", "warn", "info")]
    passed = sum(f.status == "pass" for f in findings)
    console.print()
    for finding in shown:
        mark, style = _MARKS[finding.status]
        console.print(
            Text.assemble((f"{mark} ", style), (finding.title, "bold"), (f"  {finding.check}", "dim"))
        )
        console.print(Padding(Text(visible(cut_sentence(finding.evidence, 500))), (0, 0, 0, 2)))
    console.print(
        Text(
            f"{passed} of {numbers.plural(len(findings), 'check')} passed",
            style="green" if not shown else "dim",
        )
    )


def _print_model(model: Model, records: dict[str, TensorRecord], report: Report, console: Console) -> None:
    marked = {
        path: f.status
        for f in reversed(report.findings)
        if f.status in ("fail", "warn")
        for path in f.where
    }
    counts = numbers.plural(model.parameters, "parameter", short=True)
    if model.buffers:
        counts += f", {numbers.count(model.buffers)} in buffers"
    console.print()
    console.print(
        Text.assemble(
            (visible(model.label, 80), "bold"),
            f"  {counts}, {numbers.size(model.bytes)}, {numbers.plural(len(model.layer_list), 'layer')}",
        )
    )
    for prefix in model.prefixes:
        words = f"prefix {visible(prefix.prefix)} taken off {numbers.plural(prefix.count, 'name')} ({prefix.wrapper})"
        console.print(Padding(Text(words, style="dim"), (0, 0, 0, 2)))
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for head, justify in (
        ("", "left"),
        ("layer", "left"),
        ("kind", "left"),
        ("weight", "left"),
        ("params", "right"),
        ("mean", "right"),
        ("std", "right"),
        ("min", "right"),
        ("max", "right"),
        ("zeros", "right"),
        ("", "left"),
    ):
        table.add_column(head, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    layers = _interesting(model, marked)
    for layer in layers:
        record = records.get(layer.weight or "")
        s = record.statistics if record else None
        status = next((marked[p] for p in layer.tensors if p in marked), None)
        mark, style = _MARKS[status] if status else ("", "")
        cells = [
            Text(mark, style=style),
            Text(visible(layer.name or "(root)", NAME)),
            Text(layer.kind, style="dim"),
            Text(numbers.shape(record.shape) if record else ""),
            Text(numbers.count(layer.parameters + layer.buffers)),
            *(
                Text(numbers.value(getattr(s, figure)) if s else "")
                for figure in ("mean", "std", "min", "max")
            ),
            Text(numbers.percent(s.zeros / s.count) if s and s.count else ""),
            Text(spark(record.histogram.counts) if record and record.histogram else ""),
        ]
        table.add_row(*cells)
    console.print(table)
    if len(layers) < len(model.layer_list):
        rest = len(model.layer_list) - len(layers)
        console.print(
            Text(
                f"{numbers.plural(rest, 'more layer')}; write a report with -o report.html, or look with --show NAME",
                style="dim",
            )
        )


def _interesting(model: Model, marked: Mapping[str, str]) -> list[Layer]:
    """At most `LAYERS` layers in the model's order: those with findings, then the largest."""
    if len(model.layer_list) <= LAYERS:
        return list(model.layer_list)
    ranked = sorted(
        range(len(model.layer_list)),
        key=lambda i: (
            not any(p in marked for p in model.layer_list[i].tensors),
            -model.layer_list[i].parameters,
            i,
        ),
    )
    return [model.layer_list[i] for i in sorted(ranked[:LAYERS])]


def _last(fact: Fact) -> str:
    """A fact's value; of a history the last one."""
    if fact.series:
        return numbers.value(fact.series[-1], 4)
    try:
        return numbers.value(float(fact.value), 4)
    except ValueError:
        return visible(fact.value, 40)


def spark(counts: tuple[int, ...], columns: int = 16) -> str:
    """A histogram as a line of block characters."""
    if not counts:
        return ""
    step = max(1, -(-len(counts) // columns))
    sums = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    top = max(sums)
    # Anything that is there at all is seen: the lowest block, never a blank.
    return "".join(_BARS[0 if not n else max(1, round(8 * n / top))] for n in sums) if top else ""
