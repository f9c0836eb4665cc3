"""The pickles of a torch archive, and the members that hold their storages."""

from collections.abc import Callable, Sequence

from pthreport.checkpoint.containers.pickle_starts import PICKLE, PICKLE_START
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.storages import Storages
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_directory import STORED, Member
from pthreport.checkpoint.containers.zip_salvage import UNKNOWN_CRC
from pthreport.checkpoint.errors import (
    FormatError,
    Problem,
    ReadError,
    effect_of,
    kind_of,
    summed,
)
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.machine import Outcome
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.storage import ByteOrder, Storage
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

SMALL = 65_536
"""Bytes of a record such as `version` that are read at most."""

ENDS = ("", ".storage")
"""What may follow a storage's key in its member's name."""


class ZipPickles:
    """Reads pickles under one top folder (`root`, with its slash) of an archive.

    `folders` of each are tried in turn for the member that holds a storage's bytes; `used` collects
    the members that some storage named. Storages of different pickles are the same where their
    member is.
    """

    def __init__(self, reading: Reading, archive: Archive, root: str) -> None:
        self.reading = reading
        self.archive = archive
        self.root = root
        self.order: ByteOrder = byte_order(reading, archive, root)
        self.used: set[str] = set()
        self._places: dict[str, int] = {}

    def read(
        self,
        name: str,
        folders: Sequence[str],
        otherwise: Callable[[Value], Value] | None = None,
    ) -> Outcome:
        """Run the pickle in member `name`; raises `FormatError` where its bytes cannot be had.

        `otherwise` is asked first what a persistent id means, and gives None where it does not know.
        """
        member = self.archive.members[name]
        data = open_pickle(self.archive, member)
        if name == f"{self.root}data.pkl":
            self.reading.result.pickles.append((data, 0, 5))
        shift = data.start if data.data is self.reading.file.source else 0
        storages = Storages(self.reading, lambda storage: self._supply(storage, folders))

        def resolve(identity: Value) -> Value:
            known = None if otherwise is None else otherwise(identity)
            return storages.resolve(identity) if known is None else known

        outcome = self.reading.unpickle(data, where=name, persistent=resolve, shift=shift)
        if outcome.error is None and outcome.end < data.length:
            self.reading.problem(
                f"{plural(data.length - outcome.end, 'byte')} after the pickle",
                offset=outcome.end + shift,
                where=name,
                kind="trailing",
            )
            hidden_pickles(self.reading, data, outcome.end, name)
        return outcome

    def _supply(self, storage: Storage, folders: Sequence[str]) -> None:
        members = self.archive.members
        names = [f"{self.root}{folder}{storage.key}{end}" for end in ENDS for folder in folders]
        name = next((name for name in names if name in members), names[0])
        self.used.add(name)
        storage.byte_order = self.order
        storage.key = name.removeprefix(self.root).removeprefix("data/")
        member = members.get(name)
        if member is None:
            storage.problem = f"the file has no member {name[:80]!r}"
            storage.unnoticed = "\0" in name  # for torch the name ends there
            self.reading.problem(
                "a storage that the file does not hold",
                "partial" if storage.unnoticed else "damaged",
                where=name[:400],
                kind="missing-storage",
            )
            return
        storage.data = self.archive.member_data(name)
        if member.size != storage.nbytes:
            self.reading.problem(
                f"{plural(storage.nbytes, 'byte')} are declared, the member has {member.size:,}",
                effect_of(partial=member.size < storage.nbytes, refused=True),
                offset=member.header,
                where=name,
                kind="sizes-disagree",
            )

    def finish(self, folders: tuple[str, ...]) -> None:
        """Report storages under `folders` that nothing names, and compressed ones."""
        members = self.archive.members
        inside = tuple(f"{self.root}{folder}" for folder in folders)
        orphans = [name for name in members if name.startswith(inside) and name not in self.used]
        if orphans:
            size = sum(members[name].size for name in orphans)
            self.reading.problem(
                f"{plural(len(orphans), 'storage')} of together {plural(size, 'byte')} belong to no tensor",
                offset=members[orphans[0]].header,
                where=orphans[0],
                kind="stray",
            )
        if any(members[name].method != STORED for name in self.used if name in members):
            self.reading.result.format["compression"] = "deflate"


def verify_storages(archive: Archive, folders: tuple[str, ...]) -> list[Problem]:
    """Compare the CRC-32 of every storage with the directory's."""
    found: list[Problem] = []
    left = archive.reading.file.source.length
    for name, member in archive.members.items():
        if not name.startswith(folders) or member.crc == UNKNOWN_CRC:
            continue
        left -= member.packed
        if left < 0:
            text = "members that overlap: from here on their CRC-32 is not compared"
            found.append(Problem(text, "partial", offset=member.header, where=name, kind="overlap"))
            break
        try:
            crc = archive.crc(archive.member_data(name).stretch())
        except (FormatError, ReadError) as error:
            found.append(
                Problem(str(error), "partial", offset=member.header, where=name, kind=kind_of(error))
            )
            continue
        if crc != member.crc:
            text = f"its CRC-32 is {crc:08x}, the directory says {member.crc:08x}: its bytes were changed"
            found.append(Problem(text, offset=member.header, where=name, kind="checksum"))
    return summed(found)


def open_pickle(archive: Archive, main: Member) -> Stretch:
    """A member's bytes, its CRC compared; raises `FormatError`."""
    try:
        data = archive.data(main)
        archive.compare(main, archive.crc(data))
    except (FormatError, ReadError) as error:
        raise FormatError(f"{main.name}: {error}", main.header, kind=kind_of(error)) from error
    return data


def byte_order(reading: Reading, archive: Archive, root: str) -> ByteOrder:
    """The byte order of the storages' values, as the archive states it."""
    text = record(archive, f"{root}byteorder")
    if text in (None, "little", "big"):
        reading.result.format["byte order"] = text or "little (not stated)"
        return "big" if text == "big" else "little"
    bare = (text or "").strip("\0 \r\n")
    order: ByteOrder = "big" if bare == "big" else "little"
    reading.problem(
        f"the byte order is given as {text!r}; the values are read as {order}-endian",
        "refused",
        where=f"{root}byteorder",
        kind="odd",
    )
    reading.result.format["byte order"] = order
    return order


def record(archive: Archive, name: str) -> str | None:
    """A small text member, None where there is none or it cannot be read."""
    member = archive.members.get(name)
    if member is None:
        return None
    try:
        return archive.content(member, SMALL).decode("utf-8", "backslashreplace")
    except FormatError as error:
        archive.reading.problem(error.text, "partial", offset=error.offset, where=name, kind=error.kind)
        return None


def facts(reading: Reading, archive: Archive, root: str) -> None:
    """What the archive says about itself."""
    reading.result.format["prefix"] = root.rstrip("/")
    reading.result.format["members"] = f"{len(archive.members):,}"
    first = archive.directory.entries[0].name.partition("/")[0] + "/"
    if first != root:
        reading.problem(
            f"the archive begins with folder {first[:80]!r}, where torch looks for data.pkl",
            "refused",
            where=root,
            kind="odd",
        )
    version = record(archive, f"{root}version") or record(archive, f"{root}.data/version")
    if version is None:
        reading.problem("no version record", "refused", where=f"{root}version", kind="odd")
    else:
        reading.result.format["version"] = version.strip()[:40]
    alignment = record(archive, f"{root}.storage_alignment")
    if alignment is not None:
        reading.result.format["storage alignment"] = alignment.strip()[:40]


def look_aside(reading: Reading, archive: Archive, root: str, expected: tuple[str, ...]) -> None:
    """Members that torch would not read: told, and searched for pickles all the same.

    `expected` are the names, or with a slash the folders, under `root` that belong to the format.
    """
    strays = [name for name in archive.members if not name.startswith(root)]
    if strays:
        reading.problem(
            f"{plural(len(strays), 'member')} outside the folder {root!r}",
            "refused",
            offset=archive.members[strays[0]].header,
            where=strays[0],
            kind="stray",
        )
    folders = tuple(one for one in expected if one.endswith("/"))
    left = reading.file.source.length  # members that overlap could make more of it
    members = archive.members
    known = {
        id(member)
        for name, member in members.items()
        if name.startswith(root)
        and (name.removeprefix(root) in expected or name.removeprefix(root).startswith(folders))
    }
    aside = {
        id(member): member for member in [*members.values(), *archive.hidden] if id(member) not in known
    }
    for member in aside.values():
        name = member.name
        if member.size > reading.file.limits.string_bytes or name.endswith("/"):
            continue
        left -= member.packed
        if left < 0:
            reading.problem(
                "members that overlap: from here on they are not looked through",
                "partial",
                offset=member.header,
                where=name,
                kind="overlap",
            )
            return
        try:
            data = archive.data(member)
            if _begins_a_pickle(reading, data):
                reading.problem(
                    "another pickle in the archive: its imports are listed too",
                    "partial",
                    offset=member.header,
                    where=name,
                    kind="second-pickle",
                )
                outcome = reading.probe(data, 0)
                if outcome.error is not None:
                    reading.problem(
                        f"that pickle breaks off: {outcome.error}",
                        "partial",
                        offset=member.header,
                        where=name,
                        kind=outcome.error.kind,
                    )
        except (FormatError, ReadError) as error:
            reading.problem(str(error), offset=member.header, where=name, kind=kind_of(error))


def _begins_a_pickle(reading: Reading, data: Stretch) -> bool:
    """Whether bytes begin like a pickle: one of protocol 0 or 1, which might be any text, must also end as
    one, or name what is dangerous."""
    head = data.read(0, 200)
    if PICKLE_START.match(head):
        return True
    if not PICKLE.match(head):
        return False
    found = Imports(reading.file.limits.names)
    outcome = reading.probe(data, 0, found)
    listed, _ = found.listing(reading.file.limits.imports)
    return outcome.error is None or any(one.verdict == "dangerous" for one in listed)


def hidden_pickles(reading: Reading, data: Stretch, start: int, where: str | None) -> None:
    """List the imports of pickles that follow the one that is read."""
    rest = data.read(start, reading.file.limits.trailing_bytes)
    at = 0
    for _ in range(16):
        found = PICKLE_START.search(rest, at)
        if found is None:
            return
        before = len(reading.result.imports)
        at = found.start() + 2
        outcome = reading.probe(data, start + found.start())
        if outcome.error is not None and outcome.error.kind == "limit":
            reading.problem(
                f"what may be another pickle is not followed to its end: {outcome.error}",
                "partial",
                offset=start + found.start(),
                where=where,
                kind="limit",
            )
        if len(reading.result.imports) > before or outcome.error is None:
            reading.problem(
                "another pickle follows the one that is read: its imports are listed too",
                "partial",
                offset=start + found.start(),
                where=where,
                kind="second-pickle",
            )
            at = max(at, outcome.end - start)
