"""torch.save since 1.6: a zip with a pickle, `data.pkl`, and a member per storage, `data/<key>`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pthreport.checkpoint.containers.reading import Reading, protocol_text
from pthreport.checkpoint.containers.storages import Storages
from pthreport.checkpoint.containers.zip_archive import Archive, open_archive
from pthreport.checkpoint.containers.zip_directory import END, STORED, Member
from pthreport.checkpoint.containers.zip_salvage import UNKNOWN_CRC
from pthreport.checkpoint.errors import FormatError, Problem, ReadError, count_text, summed
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.storage import ByteOrder, Storage

PICKLE_START = re.compile(rb"\x80[\x00-\x05]")
_SMALL = 65_536
_RECORDS = ("data.pkl", "byteorder", "version", ".format_version", ".storage_alignment")


@dataclass(frozen=True, slots=True)
class Layout:
    """A zip that is recognised and not read yet: its word in the contract, and what it is."""

    container: str
    what: str
    matches: Callable[[dict[str, Member]], bool]


def _ends(*names: str) -> Callable[[dict[str, Member]], bool]:
    return lambda members: any(name.partition("/")[2] in names for name in members)


LAYOUTS = (
    Layout("torchscript", "a TorchScript archive (torch.jit.save)", _ends("constants.pkl", "bytecode.pkl")),
    Layout("torch-package", "a torch.package archive", _ends(".data/extern_modules")),
    Layout(
        "torch-export",
        "a torch.export archive (.pt2)",
        lambda members: any(
            name.rpartition("/")[2] in ("archive_format", "serialized_exported_program.json")
            for name in members
        ),
    ),
)
"""Other archives that torch writes."""


def read(reading: Reading) -> None:
    """Read a zip that starts with a local header; raises `FormatError` where it is no checkpoint."""
    archive = open_archive(reading)
    members = archive.members
    for layout in LAYOUTS:
        if layout.matches(members):
            raise FormatError(f"{layout.what}: recognised, not read yet")
    roots = [name.removesuffix("data.pkl") for name in members if _is_main(name)]
    if not roots:
        raise FormatError(_what_zip(members))
    _read_root(reading, archive, roots[0])
    _look_aside(reading, archive, roots[0])


def read_behind(reading: Reading) -> None:
    """Read a zip that other bytes stand before; raises `FormatError` where there is none."""
    if END not in reading.source.read(reading.source.length - 65_557, 65_557):
        raise FormatError("no zip")
    read(reading)


def _is_main(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/data.pkl")


def _what_zip(members: dict[str, Member]) -> str:
    names = list(members)
    if any(name.endswith(".npy") for name in names):
        return "a zip of numpy arrays (.npz), not a PyTorch checkpoint"
    if "word/document.xml" in members or "[Content_Types].xml" in members:
        return "an office document, not a checkpoint"
    if any(name.endswith("config.json") for name in names) and any(name.endswith(".h5") for name in names):
        return "a Keras archive, not a PyTorch checkpoint"
    listed = ", ".join(repr(name[:40]) for name in names[:3])
    return (
        f"a zip without a data.pkl ({count_text(len(names), 'member')}: {listed}), not a torch checkpoint"
    )


def _read_root(reading: Reading, archive: Archive, root: str) -> None:
    reading.container = "torch-zip"
    members = archive.members
    first = archive.directory.entries[0].name.partition("/")[0] + "/"
    reading.format["prefix"] = root.rstrip("/")
    reading.format["members"] = f"{len(members):,}"
    if first != root:
        reading.problem(
            f"the archive begins with folder {first[:80]!r}, where torch looks for data.pkl", None, root
        )
    order = _byte_order(reading, archive, root)
    _facts(reading, archive, root)
    used: set[str] = set()

    def supply(storage: Storage) -> None:
        name = f"{root}data/{storage.key}"
        used.add(name)
        storage.byte_order = order
        member = members.get(name)
        if member is None:
            storage.problem = f"the file has no member {name[:80]!r}"
            reading.problem("a storage that the file does not hold", None, name[:400], True)
            return
        storage.data = archive.member_data(name)
        if member.size != storage.nbytes:
            reading.problem(
                f"{count_text(storage.nbytes, 'byte')} are declared, the member has {member.size:,}",
                member.header,
                name,
                member.size < storage.nbytes,
            )

    main = members[f"{root}data.pkl"]
    data = _open_pickle(archive, main)
    shift = data.start if data.data is reading.source else 0
    outcome = reading.unpickle(
        data, where=main.name, persistent=Storages(reading, supply).resolve, shift=shift
    )
    reading.tree = outcome.value
    reading.format["pickle protocol"] = protocol_text(outcome.protocol)
    if outcome.error is None and outcome.end < data.length:
        reading.problem(
            f"{count_text(data.length - outcome.end, 'byte')} stand behind the pickle",
            outcome.end + shift,
            main.name,
        )
        hidden_pickles(reading, data, outcome.end, main.name)
    reading.verify = partial(verify_storages, archive, root)
    orphans = [name for name in members if name.startswith(f"{root}data/") and name not in used]
    if orphans:
        size = sum(members[name].size for name in orphans)
        reading.problem(
            f"{count_text(len(orphans), 'storage')} of together {count_text(size, 'byte')} belong to no tensor",
            None,
            orphans[0],
        )
    if any(
        name.endswith("/") is False and members[name].method != STORED for name in used if name in members
    ):
        reading.format["compression"] = "deflate"


def verify_storages(archive: Archive, root: str) -> list[Problem]:
    """Compare the CRC-32 of every storage with the directory's."""
    found: list[Problem] = []
    for name, member in archive.members.items():
        if not name.startswith(f"{root}data/") or member.crc == UNKNOWN_CRC:
            continue
        try:
            crc = archive.crc(archive.member_data(name).stretch())
        except (FormatError, ReadError) as error:
            found.append(Problem(str(error), member.header, name, True))
            continue
        if crc != member.crc:
            text = f"its CRC-32 is {crc:08x}, the directory says {member.crc:08x}: its bytes were changed"
            found.append(Problem(text, member.header, name))
    return summed(found)


def _open_pickle(archive: Archive, main: Member) -> Stretch:
    try:
        data = archive.data(main)
        archive.compare(main, archive.crc(data))
    except (FormatError, ReadError) as error:
        raise FormatError(f"{main.name}: {error}", main.header) from error
    return data


def _byte_order(reading: Reading, archive: Archive, root: str) -> ByteOrder:
    text = _record(archive, f"{root}byteorder")
    if text in (None, "little", "big"):
        reading.format["byte order"] = text or "little (not stated)"
        return "big" if text == "big" else "little"
    bare = (text or "").strip("\0 \r\n")
    order: ByteOrder = "big" if bare == "big" else "little"
    reading.problem(
        f"the byte order is given as {text!r}, which torch refuses; the values are read as {order}-endian",
        None,
        f"{root}byteorder",
    )
    reading.format["byte order"] = order
    return order


def _record(archive: Archive, name: str) -> str | None:
    member = archive.members.get(name)
    if member is None:
        return None
    try:
        return archive.content(member, _SMALL).decode("utf-8", "backslashreplace")
    except FormatError as error:
        archive.reading.problem(error.text, error.offset, name, partial=True)
        return None


def _facts(reading: Reading, archive: Archive, root: str) -> None:
    version = _record(archive, f"{root}version") or _record(archive, f"{root}.data/version")
    if version is None:
        reading.problem("no version record: torch refuses this", None, f"{root}version")
    else:
        reading.format["version"] = version.strip()[:40]
    alignment = _record(archive, f"{root}.storage_alignment")
    if alignment is not None:
        reading.format["storage alignment"] = alignment.strip()[:40]


def _look_aside(reading: Reading, archive: Archive, root: str) -> None:
    """Members that torch would not read: told, and searched for pickles all the same."""
    strays = [name for name in archive.members if not name.startswith(root)]
    if strays:
        reading.problem(
            f"{count_text(len(strays), 'member')} outside the folder {root!r}: torch refuses this",
            archive.members[strays[0]].header,
            strays[0],
        )
    for name, member in archive.members.items():
        inside = name.removeprefix(root) if name.startswith(root) else None
        if inside is not None and (inside in _RECORDS or inside.startswith(("data/", ".data/"))):
            continue
        if member.size > reading.limits.string_bytes or name.endswith("/"):
            continue
        try:
            data = archive.data(member)
            if PICKLE_START.match(data.read(0, 2)):
                reading.problem(
                    "another pickle in the archive: its imports are listed too", member.header, name, True
                )
                reading.unpickle(data, where=name)
        except (FormatError, ReadError) as error:
            reading.problem(str(error), member.header, name)


def hidden_pickles(reading: Reading, data: Stretch, start: int, where: str | None) -> None:
    """List the imports of pickles that stand behind the one that is read."""
    rest = data.read(start, reading.limits.trailing_bytes)
    at = 0
    for _ in range(16):
        found = PICKLE_START.search(rest, at)
        if found is None:
            return
        before = len(reading.imports)
        at = found.start() + 2
        outcome = reading.probe(data, start + found.start())
        if len(reading.imports) > before or outcome.error is None:
            reading.problem(
                "another pickle stands behind the one that is read: its imports are listed too",
                start + found.start(),
                where,
                True,
            )
            at = max(at, outcome.end - start)
