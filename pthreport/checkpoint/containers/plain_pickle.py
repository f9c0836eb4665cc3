"""A bare pickle: no torch magic, arrays of numpy perhaps, perhaps no tensor at all."""

from pthreport.checkpoint.containers.reading import Reading, plain_value, protocol_text
from pthreport.checkpoint.containers.zip_pickles import hidden_pickles
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.source import Stretch
from pthreport.document.numbers import plural

TEXT_STARTS = b"(]}lcidILFVSNJKMGXTU)P"
"""Opcodes with which a pickle of protocol 0 or 1 begins."""


def recognise(head: bytes, size: int) -> bool:
    """Whether a file that begins so is a pickle of protocol 2 or later."""
    return head[:1] == b"\x80" and len(head) > 1


def recognise_text(head: bytes, size: int) -> bool:
    """Whether a file that begins so may be a pickle of protocol 0 or 1."""
    return head[:1] != b"" and head[0] in TEXT_STARTS


def read(reading: Reading) -> None:
    """Read the pickle, and list the imports of any that follow."""
    reading.result.container = "pickle"
    data = Stretch(reading.file.source, 0, reading.file.source.length)
    reading.result.pickles.append((data, 0, 6))
    outcome = reading.unpickle(data)
    reading.result.tree = outcome.value
    reading.result.format["pickle protocol"] = protocol_text(outcome.protocol)
    rest = data.length - outcome.end
    if outcome.error is None and rest:
        reading.problem(f"{plural(rest, 'byte')} after the pickle", offset=outcome.end, kind="trailing")
        hidden_pickles(reading, data, outcome.end, None)


def read_text(reading: Reading) -> None:
    """Read a pickle without a protocol byte; raises `FormatError` where it is rather something else."""
    before = len(reading.result.problems)
    read(reading)
    broken = len(reading.result.problems) > before
    named = {one.verdict for one in reading.result.imports.listing(100)[0]} - {"unknown"}
    if broken and not named and (plain_value(reading.result.tree) or not reading.result.tree):
        raise FormatError("not a checkpoint: no format that is known begins like this", 0)
