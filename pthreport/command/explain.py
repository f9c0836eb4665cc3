"""What can be set, on the terminal: the checks in a table, or one with all that it says of itself, and the
limits."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pthreport.checkpoint import listing
from pthreport.checks import CHECKS, Examination, SettingsError, with_installed
from pthreport.document.nearest import nearest


def print_limits(console: Console) -> None:
    """What a file may ask of the reader: the names of --limit, their defaults, what each bounds."""
    table = Table(box=None, header_style="bold")
    table.add_column("limit")
    table.add_column("default", justify="right")
    table.add_column("what it bounds")
    for name, default, what in listing():
        table.add_row(name, f"{default:,}", what)
    console.print(table)


def print_checks(examination: Examination, console: Console) -> None:
    """All checks by category; those that the settings leave out are marked."""
    checks = with_installed(CHECKS)
    run = {check.id for check in examination.chosen(checks)}
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for head in ("check", "category", "severity", "finds"):
        table.add_column(head, no_wrap=head != "finds")
    for check in checks:
        finds = check.failed if check.id in run else f"{check.failed} (left out by the settings)"
        table.add_row(
            Text(check.id, style="bold" if check.id in run else "dim"),
            check.category,
            check.severity,
            Text(finds),
        )
    console.print(table)
    console.print(Text(f"{len(checks)} checks; more of one: pthreport --explain CHECK", style="dim"))


def print_check(name: str, examination: Examination, console: Console) -> None:
    """One check's own page. Raises `SettingsError` where no check is called `name`."""
    checks = {check.id: check for check in with_installed(CHECKS)}
    check = checks.get(name)
    if check is None:
        raise SettingsError(
            f"no check is called {name!r}{nearest(name, list(checks))} (see pthreport --list-checks)"
        )
    examination.chosen(list(checks.values()))
    limits = check.limits(examination.thresholds.get(check.id))
    console.print(Text.assemble((check.id, "bold"), f"  {check.category}, {check.severity}"))
    for head, text in (
        ("Found", check.failed),
        ("Not found", check.passed),
        ("Judged by", check.judged_by(limits)),
        ("Why it matters", check.why),
        ("What to do", check.remedy),
        ("Reference", check.reference),
    ):
        console.print(Text(f"\n{head}", style="bold"))
        console.print(Padding(Text(text), (0, 0, 0, 2)))
    if check.thresholds:
        console.print(Text("\nThresholds", style="bold"))
    for threshold in check.thresholds:
        value = limits[threshold.name]
        usual = "" if value == threshold.value else f", usually {threshold.value:g}"
        console.print(
            Padding(Text(f"{threshold.name} = {value:g} ({threshold.unit}{usual})"), (0, 0, 0, 2))
        )
        console.print(Padding(Text(threshold.source, style="dim"), (0, 0, 0, 4)))
        setting = f"[tool.pthreport.thresholds.{check.id}]\n{threshold.name} = {value:g}"
        console.print(Padding(Text(setting, style="dim"), (0, 0, 0, 4)))
