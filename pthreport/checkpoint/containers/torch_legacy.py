"""torch.save before 1.6: pickles one behind the other (magic number, protocol version, system
information, the object, the storages' keys), then each storage as an element count and its bytes.

The storages' bytes and counts are little-endian whatever machine wrote them
(torch/csrc/serialization.cpp): `little_endian` in the system information is shown, not acted upon.
"""

from pthreport.checkpoint.containers.reading import Reading, protocol_text
from pthreport.checkpoint.containers.storages import Storages
from pthreport.checkpoint.containers.zip_pickles import hidden_pickles
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

MAGIC = bytes.fromhex("8a0a6cfc9c46f9206aa85019")
"""LONG1, ten bytes: the integer 0x1950a86a20f9469cfc6c."""

TEXT_MAGIC = b"L119547037146038801333356L\n"
"""The same in protocol 0 and 1."""

PROTOCOL_VERSION = 1001


def recognise(head: bytes, size: int) -> bool:
    """Whether a file with these first bytes is legacy torch: a pickle of the magic number alone, in
    protocol 4 and later behind a frame's header."""
    if head.startswith(TEXT_MAGIC):
        return True
    return head[:1] == b"\x80" and (head[2:14] == MAGIC or (head[2:3] == b"\x95" and head[11:23] == MAGIC))


def read(reading: Reading) -> None:
    """Read the pickles, then find each storage's bytes."""
    reading.result.container = "torch-legacy"
    data = Stretch(reading.file.source, 0, reading.file.source.length)
    storages = Storages(reading)
    at = reading.unpickle(data).end
    version = reading.unpickle(data, at, where="protocol version")
    if version.value != PROTOCOL_VERSION:
        reading.problem("the protocol version is not 1001", "refused", offset=at, kind="odd")
    system = reading.unpickle(data, version.end, where="system information")
    if system.error is not None:
        return
    if isinstance(system.value, dict):
        little = system.value.get("little_endian")
        reading.result.format["byte order"] = "little"
        if little is False:
            reading.result.format["written on"] = "a big-endian machine"
    reading.result.pickles += [(data, start, 6) for start in (0, at, version.end, system.end)]
    body = reading.unpickle(data, system.end, persistent=storages.resolve)
    reading.result.tree = body.value
    reading.result.format["pickle protocol"] = protocol_text(body.protocol)
    if body.error is not None:
        _missing(storages)
        return
    keys = reading.unpickle(data, body.end, where="storage keys")
    reading.result.pickles.append((data, body.end, 6))
    end: int | None = keys.end
    if keys.error is None and isinstance(keys.value, list | tuple | dict):
        if not isinstance(keys.value, list):
            reading.problem("the list of storages is another container", offset=body.end, kind="odd")
        end = _place(reading, storages, list(keys.value), keys.end)
        if end is not None:
            _unlisted(storages)
    elif keys.error is None:
        reading.problem("the list of storages is none", "damaged", offset=body.end, kind="malformed")
    _missing(storages)
    reading.result.format["storages"] = f"{len(storages.by_key):,}"
    if end is not None and end < data.length:
        reading.problem(
            f"{plural(data.length - end, 'byte')} after the last storage",
            offset=end,
            kind="trailing",
        )
        hidden_pickles(reading, data, end, None)


def _missing(storages: Storages) -> None:
    for storage in storages.by_key.values():
        if storage.data is None and storage.problem is None:
            storage.problem = "the file ends, or breaks off, before these values"


def _unlisted(storages: Storages) -> None:
    for storage in storages.by_key.values():
        if storage.data is None and storage.problem is None:
            storage.problem = "the list of storages lacks it: torch makes it of memory as it finds it"
            storage.unnoticed = True


def _place(reading: Reading, storages: Storages, keys: list[Value], at: int) -> int | None:
    """Give each storage its bytes; the offset behind the last one, None where that is not known."""
    source = reading.file.source
    for key in keys:
        name = key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else key
        storage = storages.by_key.get(name) if isinstance(name, str) else None
        if storage is None:
            reading.problem(
                "a storage that no tensor names: what follows cannot be found",
                "damaged",
                offset=at,
                kind="malformed",
            )
            return None
        header = source.read(at, 8)
        if len(header) < 8:
            reading.problem("the file ends before all storages", "damaged", offset=at, kind="truncated")
            return None
        count = int.from_bytes(header, "little", signed=True)
        if count < 0 or count != storage.numel:
            reading.problem(
                f"storage {str(name)[:80]!r} has {plural(storage.numel, 'element')} in the pickle and {count:,} "
                "before its bytes",
                "damaged",
                offset=at,
                kind="sizes-disagree",
            )
        if count < 0:
            return None
        nbytes = count * storage.dtype.itemsize
        left = source.length - at - 8
        if nbytes > left:
            reading.problem(
                f"storage {str(name)[:80]!r} is cut short: {left:,} of {plural(nbytes, 'byte')} are there",
                "damaged",
                offset=at,
                kind="truncated",
            )
        storage.data = Stretch(source, at + 8, min(nbytes, left))
        at += 8 + nbytes
        if nbytes > left:
            return None
    return at
