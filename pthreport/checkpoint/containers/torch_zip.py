"""torch.save since 1.6: a zip with a pickle, `data.pkl`, and a member per storage, `data/<key>`."""

from functools import partial

from pthreport.checkpoint.containers.reading import Reading, protocol_text
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_pickles import (
    ZipPickles,
    facts,
    look_aside,
    verify_storages,
)

_RECORDS = (
    "data.pkl",
    "byteorder",
    "version",
    ".format_version",
    ".storage_alignment",
    "data/",
    ".data/",
)


def main_roots(archive: Archive) -> list[str]:
    """The top folders, with their slash, that hold a `data.pkl`."""
    return [
        name.removesuffix("data.pkl")
        for name in archive.members
        if name.count("/") == 1 and name.endswith("/data.pkl")
    ]


def matches(archive: Archive) -> bool:
    """Whether any top folder holds a `data.pkl`."""
    return bool(main_roots(archive))


def read(reading: Reading, archive: Archive) -> None:
    """Read the first `data.pkl`; raises `FormatError`."""
    reading.result.container = "torch-zip"
    root = main_roots(archive)[0]
    facts(reading, archive, root)
    pickles = ZipPickles(reading, archive, root)
    outcome = pickles.read(f"{root}data.pkl", ("data/",))
    reading.result.tree = outcome.value
    reading.result.format["pickle protocol"] = protocol_text(outcome.protocol)
    reading.result.verify = partial(verify_storages, archive, (f"{root}data/",))
    pickles.finish(("data/",))
    look_aside(reading, archive, root, _RECORDS)
