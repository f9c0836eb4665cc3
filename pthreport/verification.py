"""Does a report belong to a checkpoint? By the SHA-256 of the file and, where that is asked for, by the numbers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, isfinite
from pathlib import Path
from typing import get_args

import msgspec

from pthreport.analysis import analyze
from pthreport.checkpoint import Limits, open_checkpoint
from pthreport.document import Report, ReportError, TensorRecord
from pthreport.document.numbers import plural
from pthreport.measure import Progress
from pthreport.measure.spectrum import Depth
from pthreport.render.embedded import report_in

LISTED = 20
"""Differences told one by one; the rest is counted."""

RELATIVE = 1e-6
"""How far two figures may differ that other versions or another platform computed: sums may be rounded in
another order there. What the same ones computed must be the same to the last digit."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """`matches` says whether report and checkpoint belong together; `lines` say what was compared and what
    differs."""

    matches: bool
    lines: tuple[str, ...]


def verify(
    report: str | os.PathLike[str],
    checkpoint: str | os.PathLike[str],
    *,
    full: bool = False,
    jobs: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Compare the checkpoint with what the report (.html, .pdf or .json) says of it: its size and SHA-256,
    with `full` everything that is measured, by measuring it again with the report's own options.

    The name does not count: files are renamed. Raises `ReportError` where the report cannot be read or holds
    nothing to compare, `CheckpointError` where the checkpoint cannot be read.
    """
    said = report_in(Path(report))
    if said.checkpoint.sha256 is None and not full:
        raise ReportError(
            f"{os.fspath(report)}: the report was made without a SHA-256 (--no-hash); compare its numbers with --full"
        )
    lines: list[str] = []
    matches = True
    with open_checkpoint(checkpoint, limits) as opened:
        if opened.size != said.checkpoint.size:
            matches = False
            lines.append(f"size: {said.checkpoint.size:,} bytes in the report, {opened.size:,} in the file")
        if said.checkpoint.sha256 is not None:
            digest = opened.sha256()
            if digest == said.checkpoint.sha256:
                lines.append(f"SHA-256 is the same: {digest}")
            else:
                matches = False
                lines.append(f"SHA-256: {said.checkpoint.sha256} in the report, {digest} of the file")
    if full:
        differences = list(_differences(said, _again(said, Path(checkpoint), jobs, limits, progress)))
        matches = matches and not differences
        lines += differences[:LISTED]
        if len(differences) > LISTED:
            lines.append(plural(len(differences) - LISTED, "more difference"))
        if not differences:
            measured = sum(t.statistics is not None for t in said.tensors)
            lines.append(
                f"the numbers are the same: {plural(len(said.tensors), 'tensor')}, {measured:,} of them measured"
            )
    return Verification(matches=matches, lines=tuple(lines))


def _again(
    said: Report, checkpoint: Path, jobs: int | None, limits: Limits | None, progress: Progress | None
) -> Report:
    """The checkpoint measured with the options that the report says it was made with; never with its limits,
    for a report may be as little trusted as its checkpoint."""
    options = said.provenance.options
    depth = options.get("depth", "standard")
    pattern = options.get("tensors", "all")
    if depth not in get_args(Depth):
        raise ReportError(f"the report was made with --depth {depth}, which this pthreport does not know")
    return analyze(
        checkpoint,
        depth=depth,  # type: ignore[arg-type]
        tensors=None if pattern == "all" else pattern,
        jobs=jobs,
        hash=False,
        limits=limits,
        progress=progress,
    )


def _differences(said: Report, found: Report) -> Iterator[str]:
    """What the report says otherwise than measuring now does, a line each."""
    if said.checkpoint.container != found.checkpoint.container:
        yield f"container: {said.checkpoint.container} in the report, {found.checkpoint.container} now"
    if said.checkpoint.complete != found.checkpoint.complete:
        yield f"complete: {said.checkpoint.complete} in the report, {found.checkpoint.complete} now"
    old = {(i.module, i.name, i.verdict) for i in said.imports}
    new = {(i.module, i.name, i.verdict) for i in found.imports}
    for module, name, verdict in sorted(old ^ new):
        where = "only in the report" if (module, name, verdict) in old else "not in the report"
        yield f"import {module}.{name} ({verdict}): {where}"
    then, now = said.provenance, found.provenance
    alike = (then.libraries, then.platform, said.tool) == (now.libraries, now.platform, found.tool)
    tolerance = 0.0 if alike else RELATIVE
    there = {t.path: t for t in found.tensors}
    for record in said.tensors:
        other = there.get(record.path)
        if other is None:
            yield f"{record.path}: not in the file"
        else:
            yield from _of_tensor(record, other, tolerance)
    # A page may hold only some of the tensors; a report that is whole holds all of them.
    if len(said.tensors) == sum(1 for _ in there):
        return
    listed = {t.path for t in said.tensors}
    missing = [path for path in there if path not in listed]
    counted = sum(m.parameters + m.buffers for m in said.models)
    if counted != sum(m.parameters + m.buffers for m in found.models):
        yield f"{missing[0]}: not in the report" if missing else "the number of parameters"


def _of_tensor(said: TensorRecord, found: TensorRecord, tolerance: float) -> Iterator[str]:
    for name in ("shape", "dtype", "numel", "nbytes", "status"):
        old, new = getattr(said, name), getattr(found, name)
        if old != new:
            yield f"{said.path}: {name} is {old} in the report, {new} now"
            return
    if said.statistics is None or found.statistics is None:
        if (said.statistics is None) != (found.statistics is None):
            yield f"{said.path}: measured {'now' if said.statistics is None else 'in the report'} only"
        return
    old_figures = msgspec.structs.asdict(said.statistics)
    new_figures = msgspec.structs.asdict(found.statistics)
    old_figures |= {f"quantile {q}": v for q, v in old_figures.pop("quantiles").items()}
    new_figures |= {f"quantile {q}": v for q, v in new_figures.pop("quantiles").items()}
    for name, old in old_figures.items():
        new = new_figures.get(name)
        if name != "parts" and not _same(old, new, tolerance):
            yield f"{said.path}: {name} is {old} in the report, {new} now"
            return


def _same(old: object, new: object, tolerance: float) -> bool:
    if isinstance(old, float) and isinstance(new, float) and isfinite(old) and isfinite(new):
        return isclose(old, new, rel_tol=tolerance)
    return old == new or (old != old and new != new)  # noqa: PLR0124
