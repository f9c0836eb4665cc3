"""TorchScript: an archive whose pickles hold objects of classes that its own code defines.

`data.pkl` is the module, `constants.pkl` the tensors that the code refers to as CONSTANTS.c0, c1, ...,
`code/**.py` the classes and functions (torch/csrc/jit/docs/serialization.md). Frozen and mobile files
keep their weights in the constants only; mobile ones have a `bytecode.pkl` too, and their storages
may be `constants/<n>.storage`. The code is read as text, never compiled:
it tells parameters from buffers, and the constants of a class (`kernel_size`), which are added to the
attributes of its objects.
"""

from collections.abc import Iterator
from functools import partial

from pthreport.checkpoint.containers.reading import Reading, protocol_text
from pthreport.checkpoint.containers.script_code import ScriptClass, classes
from pthreport.checkpoint.containers.torch_zip import main_roots
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_pickles import (
    ZipPickles,
    facts,
    look_aside,
    verify_storages,
)
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.limits import MIB
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import LongBytes, Record, Value
from pthreport.checkpoint.walk import walk
from pthreport.document.numbers import plural

CODE_BYTES = 32 * MIB
"""Source text that is looked through for classes."""

CLASSES = 100_000
"""Classes that are kept."""

CONSTANTS_SET = 1_000_000
"""Constants of classes that are set on modules, in all."""

NAMESPACE = "__torch__"
"""The package under which TorchScript names the classes of its code."""

_CUSTOM = f"{NAMESPACE}.torch.classes."
_CUSTOM_KNOWN = tuple(f"{_CUSTOM}{name}" for name in ("quantized", "rnn", "sparse", "xnnpack"))

_PICKLES = (
    ("constants", ("constants/", "data/")),
    ("bytecode", ("constants/", "data/")),
    ("traced_inputs", ("traced_inputs/",)),
)
"""The pickles other than the module's, and the folders of their storages."""

_FOLDERS = ("data/", "constants/", "traced_inputs/")
_RECORDS = (
    *("data.pkl", "constants.pkl", "bytecode.pkl", "traced_inputs.pkl", "mobile_debug_handles.pkl"),
    *("byteorder", "version", ".format_version", ".storage_alignment", ".data/", "code/", *_FOLDERS),
)


def _root(archive: Archive) -> str | None:
    for root in main_roots(archive):
        if f"{root}constants.pkl" in archive.members or f"{root}bytecode.pkl" in archive.members:
            return root
    return None


def matches(archive: Archive) -> bool:
    """Whether a top folder holds a module and its constants or bytecode."""
    return _root(archive) is not None


def read(reading: Reading, archive: Archive) -> None:
    """Read the module, and what the archive's other pickles hold; raises `FormatError`."""
    root = _root(archive) or ""
    reading.result.container = "torchscript"
    facts(reading, archive, root)
    pickles = ZipPickles(reading, archive, root)
    outcome = pickles.read(f"{root}data.pkl", ("data/", "constants/"))
    reading.result.format["pickle protocol"] = protocol_text(outcome.protocol)
    others: dict[str, Value] = {}
    for name, folders in _PICKLES:
        member = f"{root}{name}.pkl"
        if member not in archive.members:
            continue
        try:
            before = len(reading.result.problems)
            value = pickles.read(member, folders).value
            if name == "traced_inputs":
                _without_values(reading, value, before)
        except FormatError as error:
            reading.problem(error.text, "partial", offset=error.offset, where=member, kind=error.kind)
            continue
        if value != () and value is not None:
            others[name] = value
    if "bytecode" in others:
        reading.result.format["mobile"] = _bytecode_version(others["bytecode"])
    code = sources(reading, archive, f"{root}code/")
    if code:
        others["code"] = code
    declare(reading, outcome.value, declared_classes(reading, archive, f"{root}code/"))
    reading.result.tree = _with(outcome.value, others)
    folders_in_file = tuple(f"{root}{folder}" for folder in _FOLDERS)
    reading.result.verify = partial(verify_storages, archive, folders_in_file)
    pickles.finish(_FOLDERS)
    extra = [name for name in archive.members if name.startswith(f"{root}extra/")]
    if extra:
        listed = ", ".join(name.removeprefix(f"{root}extra/")[:60] for name in extra[:10])
        reading.result.format["extra files"] = f"{len(extra):,}: {listed}"
    look_aside(reading, archive, root, (*_RECORDS, "extra/"))


def _with(module: Value, others: dict[str, Value]) -> Value:
    """The module with the archive's other contents, each under its own name."""
    if isinstance(module, Record):
        module.pairs.extend(others.items())
        return module
    return {"data": module, **others} if others else module


def _bytecode_version(value: Value) -> str:
    version = value[0] if isinstance(value, tuple) and value else None
    return f"bytecode version {version}" if type(version) is int else "bytecode"


def _without_values(reading: Reading, value: Value, before: int) -> None:
    """torch.jit.trace keeps its example inputs' sizes and leaves their values out."""
    tensors = [visit.value for visit in walk(value, reading.file.limits) if isinstance(visit.value, Tensor)]
    empty = [one for one in tensors if one.storage and one.storage.data and not one.storage.data.length]
    if len(empty) == len(tensors):
        del reading.result.problems[before:]
    for tensor in empty:
        tensor.absent = True
        tensor.problem = "an example input of torch.jit.trace, saved without values"


def sources(reading: Reading, archive: Archive, folder: str) -> dict[str, LongBytes]:
    """The source files by their name, each read only when it is asked for."""
    found = {
        name.removeprefix(folder): LongBytes(archive.member_data(name))
        for name in archive.members
        if name.startswith(folder) and name.endswith(".py")
    }
    if found:
        size = sum(len(content) for content in found.values())
        reading.result.format["code"] = f"{plural(len(found), 'file')}, {plural(size, 'byte')}"
    return found


def declared_classes(reading: Reading, archive: Archive, folder: str) -> dict[tuple[str, str], ScriptClass]:
    """The classes of the code by module and name."""
    found: dict[tuple[str, str], ScriptClass] = {}
    left = CODE_BYTES
    for name, member in archive.members.items():
        if not name.startswith(folder) or not name.endswith(".py"):
            continue
        left -= member.size
        if left < 0 or len(found) > CLASSES:
            reading.problem(
                "the code is too long to be looked through for parameters and buffers",
                where=name,
                kind="limit",
            )
            break
        try:
            text = archive.content(member, CODE_BYTES).decode("utf-8", "backslashreplace")
        except FormatError as error:
            reading.problem(error.text, "partial", offset=error.offset, where=name, kind=error.kind)
            continue
        module = name.removeprefix(folder).removesuffix(".py").replace("/", ".")
        for one in classes(text):
            found[module, one.name] = one
    return found


def declare(reading: Reading, module: Value, declared: dict[tuple[str, str], ScriptClass]) -> None:
    """Judge the classes' names; tell parameters from buffers, and add the constants, by the code."""
    for pair in reading.result.imports.pairs():
        if pair in declared:
            reading.result.imports.explain(pair, "A TorchScript class that the archive's own code defines.")
        elif pair[0] in _CUSTOM_KNOWN:
            reading.result.imports.explain(
                pair, "A class of torch's own C++ code that holds packed weights."
            )
    left = CONSTANTS_SET
    for record in _records(reading, module):
        found = declared.get((record.module, record.name))
        state = record.state
        if found is None or not isinstance(state, dict):
            continue
        for name, value in state.items():
            if isinstance(value, Tensor) and isinstance(name, str):
                value.role = found.role(name)
                value.is_parameter = value.role == "parameter"
        left -= len(found.constants)
        if left > 0:
            for name, constant in found.constants.items():
                state.setdefault(name, constant)


def _records(reading: Reading, module: Value) -> Iterator[Record]:
    for visit in walk(module, reading.file.limits):
        value = visit.value
        if isinstance(value, Record) and visit.repeat_of is None and value.module.startswith(NAMESPACE):
            yield value
