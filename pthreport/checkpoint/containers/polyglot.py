"""Files that are two things at once: one by their beginning, a zip archive by their end."""

from dataclasses import replace

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_directory import END, read_directory
from pthreport.checkpoint.containers.zip_lookup import chosen
from pthreport.checkpoint.containers.zip_pickles import look_aside
from pthreport.checkpoint.errors import FormatError
from pthreport.document.numbers import plural

REACH = 65_557
"""Bytes at the end in which a zip's end record stands: its own 22, and the longest comment."""


def look_at_the_end(reading: Reading) -> None:
    """Tell of an archive at the end of a file that was read as something else, and list what its pickles
    would import: Python's zipfile opens it, whatever stands before."""
    if END not in reading.source.read(reading.source.length - REACH, REACH):
        return
    beside = replace(reading, problems=[])
    try:
        directory = read_directory(reading.source, reading.limits, lambda problem: None)
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
        directory.start,
        None,
        True,
        kind="second-pickle",
    )
    look_aside(beside, Archive(beside, directory, members, hidden), "", ())
    reading.problems.extend(beside.problems)
