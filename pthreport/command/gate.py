"""Whether a report lets a build pass: `--fail-on`."""

from pthreport.document import Report


def refusal(report: Report, fail_on: str) -> str | None:
    """Why `fail_on` ("error", "warning" or "never") is reached, in one line; None where it is not.

    A check that failed itself, and a file that could not be read completely, reach both.
    """
    if fail_on == "never":
        return None
    severities = {"error"} if fail_on == "error" else {"error", "warning"}
    for finding in report.findings:
        open_one = finding.status in ("fail", "warn") and finding.severity in severities
        if finding.status == "error" or open_one:
            return f"--fail-on {fail_on}: {finding.title}: {finding.evidence}"
    if report.checkpoint.complete:
        return None
    problems = report.checkpoint.problems
    said = f": {problems[0]}" if problems else ""
    return f"--fail-on {fail_on}: the file could not be read completely{said}"
