"""Files that are two things at once: one by their beginning, a zip archive by their end."""

from dataclasses import replace

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_directory import END, END_REACH, read_directory
from pthreport.checkpoint.containers.zip_lookup import chosen
from pthreport.checkpoint.containers.zip_pickles import look_aside
from pthreport.checkpoint.errors import FormatError
from pthreport.document.numbers import plural


def look_at_the_end(reading: Reading) -> None:
    """Tell of an archive at the end of a file that was read as something else, and list what its pickles
    would import: Python's zipfile opens it, whatever precedes it."""
    if END not in reading.file.source.read(reading.file.source.length - END_REACH, END_REACH):
        return
    members_only = Reading(reading.file, replace(reading.result, problems=[]))
    try:
        directory = read_directory(reading.file.source, reading.file.limits, lambda problem: None)
    except FormatError:
        return
    if (
        not directory.entries or directory.trailing
    ):  # inside a pickle's byte string it is no end of the file
        return
    members, hidden = chosen(directory.entries)
    reading.problem(
        f"by its end the file is a zip archive too, of {plural(len(directory.entries), 'member')}: "
        "other programs open that",
        "partial",
        offset=directory.start,
        kind="second-pickle",
    )
    look_aside(members_only, Archive(members_only, directory, members, hidden), "", ())
    reading.result.problems.extend(members_only.result.problems)
