"""torch.save before 0.1.10: a tar of four members.

`sys_info` is a pickle of facts about the writer. `storages`: how many, then for each a pickle
(key, location, type), an int64 element count and the bytes; then a pickle of the views, each
(key, root's key, offset, element count). `tensors`: how many, then for each a pickle (key, storage's key,
type) and the int64 numbers dimensions, sizes, strides, offset. `pickle` is the object: its persistent
ids are those keys as text, or a class with the file and text of its source.

Sources: torch/serialization.py of v0.1.9, `_legacy_load` in that of today, and
torch/csrc/generic/serialization.cpp. Like today's torch, only the lower half of the dimensions is read
(the upper one was whatever stood behind it in memory).
"""

from pthreport.checkpoint.containers.pickle_starts import PICKLE_START
from pthreport.checkpoint.containers.reading import Reading, protocol_text
from pthreport.checkpoint.containers.tar_archive import TarMember, read_members
from pthreport.checkpoint.containers.tar_objects import Objects
from pthreport.checkpoint.containers.zip_pickles import hidden_pickles
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.source import Stretch
from pthreport.document.numbers import plural

MEMBERS = ("sys_info", "pickle", "tensors", "storages")


def read(reading: Reading) -> None:
    """Read the archive; raises `FormatError` where it is another kind of tar."""
    members, end = read_members(reading)
    by_name = _by_name(reading, members)
    if "pickle" not in by_name or len(by_name) < 2:
        reading.clear()
        listed = ", ".join(repr(one.name[:40]) for one in members[:3])
        raise FormatError(
            f"a tar archive that torch did not write ({plural(len(members), 'member')}: {listed}): "
            "unpack it first"
        )
    reading.result.container = "torch-tar"
    _look_aside(reading, members, end)
    _system(reading, by_name.get("sys_info"))
    objects = Objects(reading)
    for name, fill in (("storages", Objects.storages_of), ("tensors", Objects.tensors_of)):
        if name in by_name:
            objects.read(by_name[name], fill)
        else:
            reading.problem("the archive does not hold it", "partial", where=name, kind="missing-storage")
    main = by_name["pickle"]
    body = reading.unpickle(main.data, where="pickle", persistent=objects.resolve, shift=main.data.start)
    reading.result.tree = body.value
    if body.error is None:
        objects.report_orphans()
    reading.result.format["pickle protocol"] = protocol_text(body.protocol)
    reading.result.format["storages"] = f"{len(objects.storages):,}"
    reading.result.format["tensors"] = f"{len(objects.tensors):,}"
    if body.error is None and body.end < main.data.length:
        rest = plural(main.data.length - body.end, "byte")
        reading.problem(
            f"{rest} after the pickle",
            offset=main.data.start + body.end,
            where="pickle",
            kind="trailing",
        )
        hidden_pickles(reading, main.data, body.end, "pickle")


def _by_name(reading: Reading, members: list[TarMember]) -> dict[str, TarMember]:
    """The members that torch reads, the last one of a name."""
    found: dict[str, TarMember] = {}
    for member in members:
        if member.name not in MEMBERS:
            continue
        if member.name in found:
            reading.problem(
                "a name that occurs twice in the archive: torch reads the last",
                offset=member.header,
                where=member.name,
                kind="duplicate",
            )
        if member.kind is not None:
            reading.problem(
                f"{member.kind}: not followed",
                "partial",
                offset=member.header,
                where=member.name,
                kind="odd",
            )
            continue
        found[member.name] = member
    return found


def _system(reading: Reading, member: TarMember | None) -> None:
    """What the writer says about its machine; torch does not read it."""
    reading.result.format["byte order"] = "little"
    if member is None:
        reading.problem("the archive has no sys_info", kind="odd")
        return
    outcome = reading.unpickle(member.data, where="sys_info", shift=member.data.start)
    value = outcome.value
    if isinstance(value, dict) and value.get("little_endian") is False:
        reading.result.format["written on"] = "a big-endian machine"
    if not isinstance(value, dict) or value.get("protocol_version") != 1000:
        reading.problem(
            "the protocol version is not 1000", offset=member.data.start, where="sys_info", kind="odd"
        )


def _look_aside(reading: Reading, members: list[TarMember], end: int) -> None:
    """Tell of what torch would not read, and list what pickles in it would import."""
    strays = [one for one in members if one.name not in MEMBERS]
    if strays:
        reading.problem(
            f"{plural(len(strays), 'member')} that torch does not read",
            offset=strays[0].header,
            where=strays[0].name,
            kind="stray",
        )
    for member in strays:
        if PICKLE_START.match(member.data.read(0, 2)):
            reading.problem(
                "another pickle in the archive: its imports are listed too",
                "partial",
                offset=member.header,
                where=member.name,
                kind="second-pickle",
            )
            reading.probe(member.data, 0)
    at = end
    while at < reading.file.source.length:
        block = reading.file.source.read(at, 1 << 20)
        if any(block):
            at += len(block) - len(block.lstrip(b"\0"))
            rest = plural(reading.file.source.length - at, "byte")
            reading.problem(f"{rest} after the archive", offset=at, kind="trailing")
            hidden_pickles(reading, Stretch(reading.file.source, 0, reading.file.source.length), at, None)
            return
        at += len(block)
