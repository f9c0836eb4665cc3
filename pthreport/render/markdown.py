"""A short summary for a pull request or a model card."""

import re

from pthreport.document import Finding, Report, numbers
from pthreport.document.text import cut_sentence, visible

FINDINGS = 10
MODELS = 8
_SYMBOLS = {"fail": "✖", "error": "✖", "warn": "▲", "info": "●", "pass": "✔"}


def render_markdown(report: Report) -> str:
    """GitHub-flavoured Markdown: the verdict, the models, what was found."""
    facts, summary = report.checkpoint, report.summary
    lines = [
        f"## {_text(report.title)}",
        "",
        _text(summary.what),
        "",
        f"- **Safe to load?** {_text(summary.safety.text)}",
        f"- **Healthy?** {_text(summary.health.text)}",
        f"- **Examined:** {_text(summary.examined.text)}",
        f"- **File:** {_code(facts.name)}, {numbers.size(facts.size)}, {facts.container}"
        + (f", {numbers.plural(len(facts.files), 'file')}" if facts.files else ""),
    ]
    if facts.sha256:
        lines.append(
            f"- **SHA-256:** `{facts.sha256}`" + (" (of the list of its files)" * bool(facts.files))
        )
    lines += [f"- **{_text(key)}:** {_text(value)}" for key, value in report.provenance.meta.items()]
    if report.models:
        lines += [
            "",
            "| model | layers | parameters | buffers | size |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for model in report.models[:MODELS]:
            cells = (
                numbers.count(model.parameters),
                numbers.count(model.buffers),
                numbers.size(model.bytes),
            )
            lines.append(f"| {_text(model.label)} | {len(model.layer_list):,} | {' | '.join(cells)} |")
        if len(report.models) > MODELS:
            lines += [
                "",
                f"{numbers.plural(len(report.models) - MODELS, 'more model')} in the full report.",
            ]
    shown = [f for f in report.findings if f.status in ("fail", "error", "warn", "info")]
    counted = (
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.notes, "note"),
        (summary.passed, "passed check"),
    )
    lines += ["", f"### Findings: {', '.join(numbers.plural(*one) for one in counted)}", ""]
    lines += [_finding(f) for f in shown[:FINDINGS]]
    if len(shown) > FINDINGS:
        lines.append(f"- {len(shown) - FINDINGS} more in the full report")
    lines += ["", f"<sub>{report.tool.name} {report.tool.version}</sub>", ""]
    return "\n".join(lines)


def _finding(finding: Finding) -> str:
    return f"- {_SYMBOLS[finding.status]} **{_text(finding.title)}** ({finding.check}): {_text(finding.evidence)}"


def _text(text: str) -> str:
    """Text from the file: visible, and without meaning to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>#|~@&$])", r"\\\1", visible(cut_sentence(text, 300)))


def _code(text: str) -> str:
    return "`" + visible(text, 120).replace("`", "'").replace("|", "\\|") + "`"
