"""Which reader a file is given to: decided by its bytes, never by its name."""

from collections.abc import Callable
from dataclasses import dataclass

from pthreport.checkpoint.containers import (
    gguf,
    plain_pickle,
    safetensors,
    tar_archive,
    torch_legacy,
    torch_tar,
    zip_layouts,
)
from pthreport.checkpoint.containers.foreign import foreign, unknown
from pthreport.checkpoint.containers.polyglot import look_at_the_end
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_directory import END, LOCAL
from pthreport.checkpoint.errors import FormatError

HEAD = 4096
"""First bytes by which a file is recognised."""


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file: `recognise` looks at the first bytes and the size, `read` fills a `Reading`."""

    name: str
    recognise: Callable[[bytes, int], bool]
    read: Callable[[Reading], None]


CONTAINERS = (
    Container("zip", lambda head, size: head.startswith((LOCAL, END)), zip_layouts.read),
    Container("torch-legacy", torch_legacy.recognise, torch_legacy.read),
    Container("torch-tar", tar_archive.recognise, torch_tar.read),
    Container("gguf", gguf.recognise, gguf.read),
    Container("safetensors", safetensors.recognise, safetensors.read),
    Container("pickle", plain_pickle.recognise, plain_pickle.read),
)
"""Tried in this order."""

WEAK = (
    Container("zip behind other bytes", lambda head, size: True, zip_layouts.read_behind),
    Container("pickle of protocol 0 or 1", plain_pickle.recognise_text, plain_pickle.read_text),
)
"""Tried when nothing else fits, because nearly any bytes might be them."""


def read(reading: Reading) -> None:
    """Give the file to its reader; raises `FormatError` that says what the file is instead."""
    source = reading.file.source
    if source.length == 0:
        raise FormatError("an empty file", 0)
    head = source.read(0, HEAD)
    for container in CONTAINERS:
        if container.recognise(head, source.length):
            container.read(reading)
            if container is not CONTAINERS[0]:
                look_at_the_end(reading)
            return
    known_as = foreign(head)
    for container in WEAK:
        if container.recognise(head, source.length):
            try:
                container.read(reading)
                return
            except FormatError:
                reading.clear()
    raise FormatError(known_as or unknown(head), 0)
