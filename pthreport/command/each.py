"""`pthreport-each OPTIONS FILE...`: the command on each of several files, for pre-commit and shells.

pre-commit hands all staged files to one process, and a report is of one checkpoint.
"""

import sys
from collections.abc import Sequence

from pthreport.command.arguments import UsageError, parser
from pthreport.command.main import main as pthreport


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on each file with the same options; the largest of its exit codes, 0 without a file."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        first, others = parser().parse_known_args(given)
    except UsageError:
        return pthreport(given)  # which says what is wrong, and with which code
    if first.checkpoint is None:
        return 0  # nothing is staged
    if "--" not in given and any(other.startswith("-") for other in others):
        return pthreport(given)  # an option that there is not
    files = [first.checkpoint, *(other for other in others if other != "--")]
    options = given[: len(given) - len(files)]
    if options[-1:] == ["--"]:
        options.pop()
    return max(pthreport([*options, "--", file]) for file in files)
