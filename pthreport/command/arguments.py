"""The command's arguments: what can be asked for, in the words of `--help`."""

import argparse
from pathlib import Path
from typing import NoReturn

from pthreport import __version__

LATER = {
    "--baseline": "comparing two checkpoints",
}
"""Options that others may count on (the contract) and that do not exist yet."""

EPILOG = """\
examples:
  pthreport model.pth                             summary on the terminal
  pthreport model.pth -o report.html              the report, one file
  pthreport model.pth -o report.pdf               the same on paper, to send and to archive
  pthreport model.pth -o report.html -o report.json
  pthreport model.pth --show conv1.weight         one tensor on the terminal
  pthreport model.pth --export weights --tensors 'conv*'
  pthreport model.pth --fail-on error             exit with 1 where something is wrong
  pthreport model.pth --model torchvision:resnet50
                                                  does it load into this architecture, and if not, why?
  pthreport --explain dead-units                  what a check looks at, and why
  pthreport report.json -o report.html            the same report again, without the checkpoint

settings: [tool.pthreport] of the nearest pyproject.toml, or a pthreport.toml, from the working directory
upwards: fail-on, select, ignore, redact-paths, and thresholds.CHECK.NAME = VALUE. The command line goes before it.

  pthreport verify report.html model.pth          does this report belong to this file? (its own --help)

A first word "verify" is that command, unless a file of that name lies in the working directory
(./verify is a file always).

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


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key.strip():
        raise argparse.ArgumentTypeError(f"{text}: give it as KEY=VALUE, such as licence=MIT")
    return key.strip(), value


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
        help="write a report; its ending chooses the kind: .html .pdf .json .md .csv .sarif .intoto.json .cdx.json (may be repeated; - with --format writes to standard output)",
    )
    made.add_argument(
        "--format",
        metavar="KIND",
        help="kind of the report that -o - writes: html, pdf, json, md, csv, sarif, intoto.json or cdx.json",
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
        help="summary: structure only, no tensor data; standard: every tensor (default); full: nothing estimated (exact spectra and quantiles) and nothing left out",
    )
    made.add_argument(
        "--model",
        metavar="ARCHITECTURE",
        help="compare with an architecture: py:MODULE:FACTORY, timm:NAME, torchvision:NAME or transformers:FOLDER (runs that code of yours, nothing of the checkpoint's)",
    )
    made.add_argument(
        "--fail-on",
        choices=("error", "warning", "never"),
        help="exit with 1 where a finding of this severity fails or warns, or the file could not be read completely (default: never)",
    )
    made.add_argument(
        "--select",
        action="append",
        metavar="CHECK,...",
        help="run only these checks, by id or category (safety, integrity, training, spectra, precision, hygiene)",
    )
    made.add_argument("--ignore", action="append", metavar="CHECK,...", help="leave these checks out")
    made.add_argument("--list-checks", action="store_true", help="list the checks and exit")
    made.add_argument(
        "--explain", metavar="CHECK", help="print what a check looks at, its thresholds and why, and exit"
    )
    made.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how much a file may ask of the reader, such as opcodes=50000000 or header_bytes=100MiB (may be repeated; --limit help lists all)",
    )
    made.add_argument(
        "--show-secrets",
        action="store_true",
        help="show values that look like secrets (tokens, keys, passwords), which are redacted in every output",
    )
    made.add_argument(
        "--redact-paths",
        action="store_true",
        default=None,
        help="hide home folders and other absolute paths, user and host names in every output",
    )
    made.add_argument("--no-hash", action="store_true", help="do not take the file's SHA-256")
    made.add_argument("--title", metavar="TEXT", help="the report's title (default: the file's name)")
    made.add_argument(
        "--meta",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="record and show it: run, commit, licence, data set (may be repeated)",
    )
    made.add_argument(
        "--no-values",
        action="store_true",
        help="keep single values and pictures of weights out of every report: statistics and histograms stay",
    )
    made.add_argument(
        "--template-dir",
        type=Path,
        metavar="DIR",
        help="templates and styles of your own for .html and .pdf: each file there stands for ours of that name",
    )
    made.add_argument(
        "--timestamp", metavar="TIME", help="a date to record (default: SOURCE_DATE_EPOCH, else none)"
    )
    made.add_argument("--jobs", type=int, metavar="N", help="worker threads (default: one a core)")
    made.add_argument(
        "--device",
        default="cpu",
        metavar="DEVICE",
        help="where sketches and spectra are computed: cpu (default), cuda, cuda:N, or auto",
    )
    made.add_argument("--quiet", action="store_true", help="no progress and no summary, errors only")
    made.add_argument(
        "--json-schema", action="store_true", help="print the JSON Schema of report.json and exit"
    )
    made.add_argument("--version", action="version", version=f"pthreport {__version__}")
    return made


def verify_parser() -> argparse.ArgumentParser:
    """The arguments of `pthreport verify`."""
    made = _Parser(
        prog="pthreport verify",
        description="Does a report belong to a checkpoint? Exit code 0 where it does, 1 where it does not.",
        allow_abbrev=False,
    )
    made.add_argument("report", metavar="REPORT", help="a report of pthreport: .html, .pdf or .json")
    made.add_argument("checkpoint", metavar="CHECKPOINT", help="a checkpoint, file or folder")
    made.add_argument(
        "--full",
        action="store_true",
        help="measure the checkpoint again and compare every number, not only the SHA-256",
    )
    made.add_argument("--jobs", type=int, metavar="N", help="worker threads (default: one a core)")
    made.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE", help="as of pthreport")
    made.add_argument("--quiet", action="store_true", help="say nothing where they match")
    return made
