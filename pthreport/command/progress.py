"""The progress bar: on standard error, only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pthreport.measure import Progress


@contextmanager
def progress_bar(name: str, *, enabled: bool) -> Iterator["Progress | None"]:
    """A bar that the yielded function moves; None where nobody would see it."""
    if not enabled or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    from pthreport.document.text import visible

    columns = (
        TextColumn("{task.fields[label]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None, label=Text(visible(name, 40)).plain)

        def move(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield move
