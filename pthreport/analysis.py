"""From a path to a `Report`: the rooms called in order. Nothing is computed or worded here that
belongs to one of them."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pthreport.anatomy import describe
from pthreport.assembly import assemble, records_of
from pthreport.blueprint import blueprint
from pthreport.checkpoint import CheckpointError, Limits, open_checkpoint
from pthreport.checks import CHECKS, Examination, with_installed
from pthreport.document import Report, TensorRecord, from_json
from pthreport.document.adjusted import adjusted
from pthreport.measure import Progress, measure
from pthreport.measure.device import device_of
from pthreport.measure.spectrum import Depth, measure_spectra
from pthreport.redaction.redaction import Redaction
from pthreport.redaction.report import redacted
from pthreport.redaction.tree import redact
from pthreport.survey.plan import chosen, measurable, spectrum_tasks, tasks_for, unknown, within_budget
from pthreport.survey.survey import measure_together


def analyze(
    path: str | os.PathLike[str],
    *,
    depth: Depth = "standard",
    tensors: str | None = None,
    jobs: int | None = None,
    device: str = "cpu",
    hash: bool = True,
    title: str | None = None,
    timestamp: str | None = None,
    meta: Mapping[str, str] | None = None,
    values: bool = True,
    name: str | None = None,
    model: str | None = None,
    checks: Examination | None = None,
    limits: Limits | None = None,
    show_secrets: bool = False,
    redact_paths: bool = False,
    progress: Progress | None = None,
) -> Report:
    """The report of the checkpoint at `path`.

    `depth` "summary" reads the structure and no tensor data; "full" estimates nothing (all spectra are
    exact, quantiles and histograms come from a second pass) and leaves nothing out; `tensors` is a shell
    pattern for the
    paths (or their ends) of the tensors to measure; `jobs` the number of worker threads (default one
    a core), which changes no byte of the result; `device` ("cpu", "cuda", "cuda:N" or "auto") is where
    sketches and spectra are computed, whose last digits differ between devices. `hash` takes the file's SHA-256. `timestamp` is
    recorded as it is (default: SOURCE_DATE_EPOCH, else none), and so is `meta` (run, commit, licence). Without
    `values` no value of a weight is in the report, neither as a number nor in a picture. `model` names an architecture to compare with
    ("py:module:factory", "torchvision:resnet50", ...): the one option that runs code, and only the user's own
    (`pthreport.blueprint`). `checks` says which checks are run and with which thresholds
    (default: all, with their own), `limits` how much the file may ask of the reader. Values that look like
    secrets are in no part of the report unless `show_secrets`; `redact_paths` hides home folders, users and
    hosts too. `progress` is called with the bytes measured and the bytes in all.

    Raises `ReferenceError` where the architecture cannot be built, `DeviceError` where the device is not there, `CheckpointError` where nothing can be read, `SettingsError` where `checks` names what there
    is not.
    """
    source = Path(path)
    examination = checks or Examination()
    chosen_checks = examination.chosen(with_installed(CHECKS))  # a wrong name is told before the work
    workers = jobs or os.cpu_count() or 1
    place = device_of(device)
    built = None if model is None else blueprint(model)
    redaction = Redaction(show_secrets=show_secrets, redact_paths=redact_paths)
    with open_checkpoint(source, limits) as checkpoint:
        redact(checkpoint, redaction)
        anatomy = describe(checkpoint, depth == "full", built)
        wanted = set() if depth == "summary" else set(chosen(checkpoint, anatomy, tensors))
        if tensors is not None and not wanted and depth != "summary":
            raise CheckpointError(unknown(checkpoint, anatomy, tensors), source)
        tasks, unmeasured = measurable(
            tasks_for(checkpoint, anatomy, wanted, exact=depth == "full", device=place), checkpoint.size
        )
        wanted -= unmeasured.keys()
        with ThreadPoolExecutor(1, thread_name_prefix="pthreport-hash") as hasher:
            digest = hasher.submit(checkpoint.sha256) if hash else None
            checked = hasher.submit(checkpoint.verify) if depth != "summary" else None
            measured = {**measure(tasks, jobs=workers, progress=progress), **unmeasured}
            joint = measure_together(
                checkpoint, anatomy, measured, wanted, workers, everything=depth == "full"
            )
            sha256 = digest.result() if digest else None
            affordable, beyond = within_budget(spectrum_tasks(checkpoint, anatomy, wanted), depth)
            spectra = {**measure_spectra(affordable, jobs=workers, depth=depth, device=place), **beyond}
            problems = [*checkpoint.problems, *(checked.result() if checked else ())]
        report = assemble(
            checkpoint,
            anatomy,
            measured,
            spectra,
            joint,
            sha256=sha256,
            problems=problems,
            name=name or source.name,
            title=title,
            options={
                "depth": depth,
                "tensors": tensors or "all",
                "SHA-256": "taken" if hash else "not taken",
                **({} if place is None else {"device": place}),
                **({} if model is None else {"architecture": model}),
                **(limits or Limits()).changed(),
                **({"secrets": "shown"} if show_secrets else {}),
                **({"paths": "hidden"} if redact_paths else {}),
            },
            timestamp=timestamp,
            discretion=redaction.discretion(),
            depth=depth,
            checks=chosen_checks,
            examination=examination,
        )
    return adjusted(redacted(report, redaction.anywhere()), meta=meta, values=values)


def saved_report(path: Path) -> Report | None:
    """The report in the JSON file at `path`; None where it is not one of ours by its first bytes.

    Raises `ReportError` where it is one and cannot be read.
    """
    if path.suffix.casefold() != ".json":
        return None
    try:
        with path.open("rb") as file:
            if b'"schema_version"' not in file.read(200):
                return None
            file.seek(0)
            return from_json(file.read())
    except OSError as error:
        raise CheckpointError(f"the file cannot be read: {error.strerror or error}", path) from error


def show(
    path: Path,
    names: Sequence[str],
    *,
    jobs: int | None = None,
    limits: Limits | None = None,
    show_secrets: bool = False,
    redact_paths: bool = False,
) -> list[tuple[TensorRecord, str]]:
    """The tensors that `names` (paths, names in their model, or patterns) ask for, with their layer in
    words; each measured, with a larger excerpt. Raises `CheckpointError` for a name that fits nothing."""
    redaction = Redaction(show_secrets=show_secrets, redact_paths=redact_paths)
    with open_checkpoint(path, limits) as checkpoint:
        redact(checkpoint, redaction)
        anatomy = describe(checkpoint)
        wanted: dict[str, None] = {}
        for name in names:
            found = chosen(checkpoint, anatomy, name)
            if not found:
                raise CheckpointError(unknown(checkpoint, anatomy, name), path)
            wanted.update(dict.fromkeys(found))
        tasks = tasks_for(checkpoint, anatomy, set(wanted), excerpt=(12, 10))
        measured = measure(tasks, jobs=jobs or os.cpu_count() or 1)
        records = records_of(checkpoint, anatomy, measured, looked=True)
        layers = {
            e.path: f"{la.kind.kind} {la.name}"
            for m in anatomy.models
            for la in m.layers
            for e in la.entries.values()
        }
        shown = tuple((r, layers.get(r.path, "")) for r in records if r.path in wanted)
        return list(redacted(shown, redaction.anywhere()))
