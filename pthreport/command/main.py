"""The command line: arguments in, exit code out. What it promises is written in the README."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pthreport.command.arguments import UsageError, parser, verify_parser

if TYPE_CHECKING:
    from rich.console import Console

    from pthreport.checkpoint import Limits
    from pthreport.command.settings import Settings
    from pthreport.document import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code. Every error is one line on standard error."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        if given[:1] == ["verify"] and not os.path.lexists("verify"):
            return _verify(verify_parser().parse_args(given[1:]))
        return _run(parser().parse_args(given))
    except KeyboardInterrupt:
        _say("interrupted; nothing was written half")
        return 130
    except BrokenPipeError:
        # The reader of standard output has gone (`| head`): not an error of anybody's.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    from pthreport.blueprint import ReferenceError
    from pthreport.checkpoint import LimitError
    from pthreport.checks import SettingsError
    from pthreport.document import ReportError
    from pthreport.measure.device import DeviceError
    from pthreport.render import OutputError

    if isinstance(
        error,
        UsageError | ReferenceError | DeviceError | LimitError | SettingsError | ReportError | OutputError,
    ):
        _say(str(error))
        return 2
    if os.environ.get("PTHREPORT_DEBUG") == "1":
        raise error
    _say(
        f"an error of pthreport itself: {type(error).__name__}: {error} (please report this line to the project, "
        "with the traceback that PTHREPORT_DEBUG=1 shows)"
    )
    return 3


def _run(given: argparse.Namespace) -> int:
    if given.json_schema:
        from pthreport.document import json_schema

        sys.stdout.write(json_schema().decode())
        return 0
    if "help" in given.limit:
        from pthreport.command.explain import print_limits

        print_limits(_console())
        return 0
    if given.list_checks or given.explain is not None:
        return _checks(given)
    if given.checkpoint is None:
        raise UsageError("which checkpoint? name a file (see pthreport --help)")
    if given.jobs is not None and given.jobs < 1:
        raise UsageError(f"--jobs {given.jobs}: at least one worker is needed")
    from pthreport.checkpoint import CheckpointError, with_settings
    from pthreport.command.standard_input import checkpoint_path

    limits = with_settings(given.limit)
    _check_outputs(given)
    settings = _settings(given)
    try:
        with checkpoint_path(given.checkpoint) as path:
            if given.export:
                return _export(path, given, limits)
            if given.show:
                return _show(path, given, settings, limits)
            report = _report(path, given, settings, limits)
    except CheckpointError as error:
        from pthreport.redaction.redaction import Redaction

        name = "standard input" if given.checkpoint == "-" else given.checkpoint
        raise UsageError(f"{name}: {Redaction().anywhere()(str(error))}") from error
    written = _write(report, given)
    if not given.quiet and "-" not in given.output:
        from pthreport.render.terminal import print_report

        if given.output:
            _outline(report, written)
        else:
            print_report(report, _console())
    from pthreport.command.gate import refusal

    why = refusal(report, settings.fail_on)
    if why is not None:
        _say(why)
    return 2 if len(written) < len(given.output) else int(why is not None)


def _write(report: "Report", given: argparse.Namespace) -> list[str]:
    """Write the reports, and give those that were written: where one cannot be, the others still are."""
    from pthreport.render import OutputError, Surroundings, render, write

    around = Surroundings(place=_place(given.checkpoint), templates=given.template_dir)
    written = []
    for output in given.output:
        try:
            if output == "-":
                sys.stdout.buffer.write(render(report, "." + given.format, around))
                sys.stdout.flush()
            else:
                write(report, output, around=around)
        except OutputError as error:
            _say(str(error))
        else:
            written.append(output)
    return written


def _place(checkpoint: str) -> str | None:
    """The checkpoint's path from the working directory; None where it lies outside, or has none."""
    if checkpoint == "-":
        return None
    try:
        return Path(checkpoint).resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return None


def _verify(given: argparse.Namespace) -> int:
    from pthreport.checkpoint import CheckpointError, with_settings
    from pthreport.command.progress import progress_bar
    from pthreport.command.standard_input import checkpoint_path
    from pthreport.verification import verify

    try:
        with (
            checkpoint_path(given.checkpoint) as path,
            progress_bar(path.name, enabled=given.full and not given.quiet) as progress,
        ):
            found = verify(
                given.report,
                path,
                full=given.full,
                jobs=given.jobs,
                limits=with_settings(given.limit),
                progress=progress,
            )
    except CheckpointError as error:
        raise UsageError(f"{given.checkpoint}: {error}") from error
    verdict = (
        "the report belongs to the checkpoint" if found.matches else "the report does not belong to it"
    )
    if not given.quiet:
        from pthreport.document.text import visible

        for line in (*found.lines, verdict):
            print(visible(line))
    elif not found.matches:
        _say(f"{given.report}: {verdict}: {found.lines[0]}")
    return 0 if found.matches else 1


def _check_outputs(given: argparse.Namespace) -> None:
    """Refuse what would fail after the work, or destroy what was given to read."""
    from pthreport.render import FORMATS, check_kind, check_place, check_templates, format_of

    kinds = ", ".join(f.removeprefix(".") for f in FORMATS)
    if given.template_dir:
        check_templates(given.template_dir)
    if given.no_values and (given.show or given.export):
        raise UsageError("--no-values keeps values out; --show and --export give nothing else")
    if "-" in given.output and not given.format:
        raise UsageError(f"-o - needs --format ({kinds})")
    if given.format and "-" not in given.output:
        raise UsageError("--format goes with -o -; the ending of a file's name chooses its kind")
    if given.format and "." + given.format not in FORMATS:
        raise UsageError(f"--format {given.format}: unknown (known: {kinds})")
    wanted = {"." + given.format if output == "-" else format_of(output) for output in given.output}
    if len(wanted) == 1:
        # Among others it is said when they are written.
        check_kind(*wanted)
    if given.no_hash and ".intoto.json" in wanted:
        raise UsageError("an .intoto.json is a statement about the file's SHA-256; leave out --no-hash")
    for output in given.output:
        if output == "-":
            continue
        check_place(output)
        source = Path(given.checkpoint)
        if (
            given.checkpoint != "-"
            and source.exists()
            and Path(output).exists()
            and source.samefile(output)
        ):
            raise UsageError(f"-o {output}: that is the file to be read; it would be overwritten")
    if given.show and given.output:
        raise UsageError("--show prints to the terminal and writes no report; leave out -o")


def _settings(given: argparse.Namespace) -> "Settings":
    """The settings of the file that is in force, with what the command line says instead."""
    from pthreport.command.settings import find

    return find(Path.cwd()).with_options(
        fail_on=given.fail_on,
        select=_words(given.select),
        ignore=_words(given.ignore),
        redact_paths=given.redact_paths,
    )


def _words(given: list[str] | None) -> tuple[str, ...] | None:
    """The words of a list option that may be repeated and may hold commas; None where it was not given."""
    if given is None:
        return None
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _checks(given: argparse.Namespace) -> int:
    from pthreport.command.explain import print_check, print_checks

    examination = _settings(given).examination
    if given.explain is not None:
        print_check(given.explain, examination, _console())
    else:
        print_checks(examination, _console())
    return 0


def _report(path: Path, given: argparse.Namespace, settings: "Settings", limits: "Limits") -> "Report":
    from pthreport.analysis import analyze, saved_report
    from pthreport.document.adjusted import adjusted

    again = saved_report(path)
    if again is not None:
        if given.select or given.ignore:
            raise UsageError(
                "--select and --ignore: the checks of a saved report were run when it was made"
            )
        if given.model:
            raise UsageError("--model: a saved report holds no checkpoint to compare with")
        if given.limit:
            raise UsageError("--limit: a saved report needs no checkpoint to be read")
        if given.show_secrets:
            raise UsageError(
                "--show-secrets: a saved report does not hold what was redacted when it was made"
            )
        if settings.redact_paths:
            from pthreport.redaction.report import without_paths

            again = without_paths(again)
        return adjusted(again, title=given.title, meta=dict(given.meta), values=not given.no_values)
    from pthreport.command.progress import progress_bar

    name = "standard input" if given.checkpoint == "-" else None
    with progress_bar(path.name, enabled=not given.quiet) as progress:
        return analyze(
            path,
            depth=given.depth,
            tensors=given.tensors,
            jobs=given.jobs,
            device=given.device,
            hash=not given.no_hash,
            title=given.title,
            timestamp=given.timestamp,
            meta=dict(given.meta),
            values=not given.no_values,
            name=name,
            model=given.model,
            checks=settings.examination,
            limits=limits,
            show_secrets=given.show_secrets,
            redact_paths=settings.redact_paths,
            progress=progress,
        )


def _show(path: Path, given: argparse.Namespace, settings: "Settings", limits: "Limits") -> int:
    from pthreport.analysis import show
    from pthreport.render.tensor_view import print_tensor

    console = _console()
    shown = show(
        path,
        given.show,
        jobs=given.jobs,
        limits=limits,
        show_secrets=given.show_secrets,
        redact_paths=settings.redact_paths,
    )
    for number, (record, layer) in enumerate(shown):
        if number:
            console.print()
        print_tensor(record, layer, console)
    return 0


def _export(path: Path, given: argparse.Namespace, limits: "Limits") -> int:
    from pthreport.document.numbers import plural
    from pthreport.export import export

    written = export(path, Path(given.export), given.tensors, limits)
    if not given.quiet:
        print(f"{plural(written, 'tensor')} written to {given.export}")
    return 0


def _outline(report: "Report", outputs: list[str]) -> None:
    """With a report written, the terminal needs no second one: the verdict and where it lies."""
    from rich.text import Text

    from pthreport.document.numbers import plural
    from pthreport.document.text import cut_sentence, visible

    console = _console()
    summary = report.summary
    console.print(Text(visible(cut_sentence(summary.what, 400))))
    counts = f"{plural(summary.errors, 'error')}, {plural(summary.warnings, 'warning')}"
    counts += f", {plural(summary.notes, 'note')}"
    console.print(Text(f"{counts}; safe to load? {visible(cut_sentence(summary.safety.text, 300))}"))
    for output in outputs:
        console.print(Text(f"written: {output}", style="dim"))


def _console() -> "Console":
    from rich.console import Console

    # A pipe has no width of its own: wide enough that no table is cut.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160, soft_wrap=False)


def _say(message: str) -> None:
    from pthreport.document.text import visible

    print(f"pthreport: {visible(message)}", file=sys.stderr)
