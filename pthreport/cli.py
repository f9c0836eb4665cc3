"""The command line: arguments in, exit code out. What it promises is written in the README."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pthreport import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from pthreport.document import Report

LATER = {
    "--baseline": "comparing two checkpoints",
    "--model": "checking against an architecture",
    "--select": "choosing checks",
    "--ignore": "leaving checks out",
    "--meta": "recording keys and values",
    "--no-values": "leaving values out",
    "--device": "measuring on a GPU",
    "--template-dir": "templates of your own",
    "--list-checks": "listing the checks",
    "--explain": "explaining a check",
}
"""Options that others may count on (the contract) and that do not exist yet."""

EPILOG = """\
examples:
  pthreport model.pth                             summary on the terminal
  pthreport model.pth -o report.html              the report, one file
  pthreport model.pth -o report.html -o report.json
  pthreport model.pth --show conv1.weight         one tensor on the terminal
  pthreport model.pth --export weights --tensors 'conv*'
  pthreport report.json -o report.html            the same report again, without the checkpoint

exit codes: 0 a report was made; 1 --fail-on was reached (the report is written); 2 wrong usage or
nothing could be read; 3 an error of pthreport itself; 130 interrupted.
"""


class UsageError(Exception):
    """The command cannot be carried out as it was given: one line, exit code 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0].split("=")[0]
            if word in LATER:
                message = f"{word} ({LATER[word]}) is not there yet"
        raise UsageError(f"{message} (see pthreport --help)")


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = _Parser(
        prog="pthreport",
        description="One self-contained report of what is in a PyTorch checkpoint, without running a line of it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "checkpoint",
        nargs="?",
        metavar="CHECKPOINT",
        help="a checkpoint file, a report.json to render again, or - for standard input",
    )
    made.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="write a report; its ending chooses the kind: .html .json .md .csv (may be repeated; - with --format writes to standard output)",
    )
    made.add_argument(
        "--format", metavar="KIND", help="kind of the report that -o - writes: html, json, md or csv"
    )
    made.add_argument(
        "--show",
        action="append",
        default=[],
        metavar="NAME",
        help="show a tensor on the terminal: shape, statistics, histogram, values (a pattern is allowed; may be repeated)",
    )
    made.add_argument(
        "--export", metavar="DIR", help="write tensors as .npy files (with --tensors, those that fit it)"
    )
    made.add_argument(
        "--tensors",
        metavar="PATTERN",
        help="measure only tensors whose path or name fits, such as 'encoder.*'",
    )
    made.add_argument(
        "--depth",
        choices=("summary", "standard", "full"),
        default="standard",
        help="summary: structure only, no tensor data; standard: every tensor (default)",
    )
    made.add_argument(
        "--fail-on",
        choices=("error", "warning", "never"),
        default="never",
        help="exit with 1 where a finding of this severity fails or warns, or the file could not be read completely",
    )
    made.add_argument("--no-hash", action="store_true", help="do not take the file's SHA-256")
    made.add_argument("--title", metavar="TEXT", help="the report's title (default: the file's name)")
    made.add_argument(
        "--timestamp", metavar="TIME", help="a date to record (default: SOURCE_DATE_EPOCH, else none)"
    )
    made.add_argument("--jobs", type=int, metavar="N", help="worker threads (default: one a core)")
    made.add_argument("--quiet", action="store_true", help="no progress and no summary, errors only")
    made.add_argument(
        "--json-schema", action="store_true", help="print the JSON Schema of report.json and exit"
    )
    made.add_argument("--version", action="version", version=f"pthreport {__version__}")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code. Every error is one line on standard error."""
    try:
        return _run(parser().parse_args(arguments))
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
    from pthreport.document import ReportError
    from pthreport.render import OutputError

    if isinstance(error, UsageError | ReportError | OutputError):
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
    if given.checkpoint is None:
        raise UsageError("which checkpoint? name a file (see pthreport --help)")
    if given.depth == "full":
        raise UsageError("--depth full is not there yet (now: summary, standard)")
    if given.jobs is not None and given.jobs < 1:
        raise UsageError(f"--jobs {given.jobs}: at least one worker is needed")
    _check_outputs(given)
    from pthreport.checkpoint import CheckpointError
    from pthreport.spool import checkpoint_path

    try:
        with checkpoint_path(given.checkpoint) as path:
            if given.export:
                return _export(path, given)
            if given.show:
                return _show(path, given)
            report = _report(path, given)
    except CheckpointError as error:
        name = "standard input" if given.checkpoint == "-" else given.checkpoint
        raise UsageError(f"{name}: {error}") from error
    for output in given.output:
        if output == "-":
            from pthreport.render import render

            sys.stdout.buffer.write(render(report, "." + given.format))
            sys.stdout.flush()
        else:
            report.save(output)
    if not given.quiet and "-" not in given.output:
        from pthreport.render.terminal import print_report

        if given.output:
            _outline(report, given.output)
        else:
            print_report(report, _console())
    return _gate(report, given.fail_on)


def _check_outputs(given: argparse.Namespace) -> None:
    """Refuse what would fail after the work, or destroy what was given to read."""
    from pthreport.render import FORMATS, check_place, format_of

    if "-" in given.output and not given.format:
        raise UsageError("-o - needs --format (html, json, md or csv)")
    if given.format and "-" not in given.output:
        raise UsageError("--format goes with -o -; the ending of a file's name chooses its kind")
    if given.format and "." + given.format not in FORMATS:
        raise UsageError(
            f"--format {given.format}: unknown (known: {', '.join(f.removeprefix('.') for f in FORMATS)})"
        )
    for output in given.output:
        if output == "-":
            continue
        format_of(output)
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


def _report(path: Path, given: argparse.Namespace) -> "Report":
    from pthreport.analysis import analyze, saved_report

    again = saved_report(path)
    if again is not None:
        return again
    from pthreport.progress import progress_bar

    name = "standard input" if given.checkpoint == "-" else None
    with progress_bar(path.name, enabled=not given.quiet) as progress:
        return analyze(
            path,
            depth=given.depth,
            tensors=given.tensors,
            jobs=given.jobs,
            hash=not given.no_hash,
            title=given.title,
            timestamp=given.timestamp,
            name=name,
            progress=progress,
        )


def _show(path: Path, given: argparse.Namespace) -> int:
    from pthreport.analysis import show
    from pthreport.render.tensor_view import print_tensor

    console = _console()
    for number, (record, layer) in enumerate(show(path, given.show, jobs=given.jobs)):
        if number:
            console.print()
        print_tensor(record, layer, console)
    return 0


def _export(path: Path, given: argparse.Namespace) -> int:
    from pthreport.export import export

    written = export(path, Path(given.export), given.tensors)
    if not given.quiet:
        print(f"{written:,} tensors written to {given.export}")
    return 0


def _outline(report: "Report", outputs: list[str]) -> None:
    """With a report written, the terminal needs no second one: the verdict and where it lies."""
    from rich.text import Text

    from pthreport.render.visible import visible

    console = _console()
    summary = report.summary
    console.print(Text(visible(summary.what, 400)))
    counts = f"{summary.errors} errors, {summary.warnings} warnings, {summary.notes} notes"
    console.print(Text(f"{counts}; safe to load? {visible(summary.safety.text, 300)}"))
    for output in outputs:
        console.print(Text(f"written: {output}", style="dim"))


def _gate(report: "Report", fail_on: str) -> int:
    """1 where `--fail-on` was reached, else 0."""
    if fail_on == "never":
        return 0
    severities = {"error"} if fail_on == "error" else {"error", "warning"}
    reached = [
        f
        for f in report.findings
        if f.status == "error" or (f.status in ("fail", "warn") and f.severity in severities)
    ]
    if reached:
        _say(f"--fail-on {fail_on}: {reached[0].title}: {reached[0].evidence}")
    elif not report.checkpoint.complete:
        problems = report.checkpoint.problems
        _say(
            f"--fail-on {fail_on}: the file could not be read completely"
            + (f": {problems[0]}" if problems else "")
        )
    return 1 if reached or not report.checkpoint.complete else 0


def _console() -> "Console":
    from rich.console import Console

    # A pipe has no width of its own: wide enough that no table is cut.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160, soft_wrap=False)


def _say(message: str) -> None:
    from pthreport.render.visible import visible

    print(f"pthreport: {visible(message)}", file=sys.stderr)
