"""torch.export: an archive of programs as JSON, their weights as raw payloads in the same archive.

Since torch 2.8 (torch/export/pt2_archive): `models/<m>.json`, `data/weights/<m>_weights_config.json`
that gives each name a payload `data/weights/weight_<n>`, `data/constants/` likewise,
`data/sample_inputs/<m>.pt`. Before: `serialized_exported_program.json` with
`serialized_state_dict.pt` and its like, whole torch files.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from pthreport.checkpoint.containers.export_program import Program, program_of
from pthreport.checkpoint.containers.json_text import parse
from pthreport.checkpoint.containers.payloads import Payloads
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_pickles import facts, look_aside, record, verify_storages
from pthreport.checkpoint.errors import FormatError, kind_of
from pthreport.checkpoint.machine import NotUnderstood
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import LongBytes, Mapping, Value
from pthreport.document.numbers import plural

STATE_DICT = "torch.export state dict"
"""What the weights' mapping is called; its attribute `module_classes` names classes by module."""

CONSTANTS = "torch.export constants"
"""What the mapping of tensors that are neither parameters nor saved buffers is called."""

_OLD = "serialized_exported_program.json"
_OLD_PARTS = {
    "state_dict": "serialized_state_dict",
    "constants": "serialized_constants",
    "sample_inputs": "serialized_example_inputs",
}
_RECORDS = (
    *("archive_format", "archive_version", "byteorder", "version", ".format_version", ".storage_alignment"),
    *(".data/", "models/", "data/", "extra/", "xl_model_weights/", "executorch/"),
)


def _new_root(archive: Archive) -> str | None:
    for name in archive.members:
        root, _, rest = name.partition("/")
        if rest == "archive_format":
            return f"{root}/"
    return None


def _old_root(archive: Archive) -> str | None:
    found = [name for name in archive.members if name.rpartition("/")[2] == _OLD]
    return found[0].removesuffix(_OLD) if found and found[0].count("/") < 2 else None


def matches(archive: Archive) -> bool:
    """Whether the archive says that it is one, or holds the old layout's program."""
    return _new_root(archive) is not None or _old_root(archive) is not None


def read(reading: Reading, archive: Archive) -> None:
    """Read every program of the archive with its weights; raises `FormatError`."""
    reading.result.container = "torch-export"
    root = _new_root(archive)
    if root is None:
        _read_old(reading, archive, _old_root(archive) or "")
        return
    facts(reading, archive, root)
    for name in ("archive_format", "archive_version"):
        text = record(archive, f"{root}{name}")
        if text is not None:
            reading.result.format[name.replace("_", " ")] = text.strip()[:40]
    folder = f"{root}models/"
    names = [
        name.removeprefix(folder).removesuffix(".json")
        for name in archive.members
        if name.startswith(folder) and name.endswith(".json")
    ]
    payloads = Payloads(reading, archive, root)
    models = {name: _model(reading, archive, payloads, root, name) for name in names}
    tree: dict[Any, Value] = models[names[0]] if len(names) == 1 else dict(models)
    _add_files(reading, archive, root, tree)
    reading.result.tree = tree
    reading.result.verify = partial(verify_storages, archive, (f"{root}data/",))
    payloads.report_orphans()
    look_aside(reading, archive, root, _RECORDS)


def _model(
    reading: Reading, archive: Archive, payloads: Payloads, root: str, name: str
) -> dict[Any, Value]:
    program = _program(reading, archive, f"{root}models/{name}.json")
    found: dict[Any, Value] = {}
    old = f"{root}data/weights/{name}.pt"
    if old in archive.members:
        weights = _inside(reading, archive, old)
    else:
        weights = payloads.named(f"data/weights/{name}_weights_config.json", "data/weights/")
    found["state_dict"] = _state_dict(weights, program)
    old = f"{root}data/constants/{name}.pt"
    if old in archive.members:
        found["constants"] = _inside(reading, archive, old)
    elif f"{root}data/constants/{name}_constants_config.json" in archive.members:
        found["constants"] = payloads.named(
            f"data/constants/{name}_constants_config.json", "data/constants/"
        )
    inputs = f"{root}data/sample_inputs/{name}.pt"
    if inputs in archive.members:
        found["sample_inputs"] = _inside(reading, archive, inputs)
    if isinstance(found.get("constants"), dict):
        found["constants"] = _renamed(found["constants"])
    found["program"] = program.summary
    return found


def _renamed(constants: dict[Any, Value]) -> Mapping:
    made = Mapping(CONSTANTS)
    made.update(constants)
    return made


def _read_old(reading: Reading, archive: Archive, root: str) -> None:
    program = _program(reading, archive, f"{root}{_OLD}")
    reading.result.format["members"] = f"{len(archive.members):,}"
    version = record(archive, f"{root}version")
    if version is not None:
        reading.result.format["schema version"] = version.strip()[:40]
    found: dict[Any, Value] = {}
    expected = [_OLD, "version", "extra_files/"]
    for key, stem in _OLD_PARTS.items():
        for ending in (".pt", ".json"):
            if f"{root}{stem}{ending}" in archive.members:
                found[key] = _inside(reading, archive, f"{root}{stem}{ending}")
                expected.append(f"{stem}{ending}")
    found["state_dict"] = _state_dict(found.get("state_dict"), program)
    if isinstance(found.get("constants"), dict):
        found["constants"] = _renamed(found["constants"])
    found["program"] = program.summary
    reading.result.tree = found
    look_aside(reading, archive, root, tuple(expected))


def _inside(reading: Reading, archive: Archive, name: str) -> Value:
    """What a torch file among the members holds, None where it cannot be read."""
    try:
        return reading.nested(archive.data(archive.members[name]), name)
    except (FormatError, NotUnderstood) as error:
        reading.problem(
            str(error), "partial", offset=archive.members[name].header, where=name, kind=kind_of(error)
        )
        return None


def _program(reading: Reading, archive: Archive, name: str) -> Program:
    limit = reading.file.limits.header_bytes
    try:
        return program_of(parse(archive.content(archive.members[name], limit), limit, "the program"))
    except FormatError as error:
        reading.problem(
            error.text, "partial", offset=archive.members[name].header, where=name, kind=error.kind
        )
        return Program()


def _state_dict(weights: Value, program: Program) -> Value:
    """The weights by name, as parameters and buffers, with the classes that the program names."""
    if not isinstance(weights, dict):
        return weights
    found = Mapping(STATE_DICT)
    found.update(weights)
    for name, tensor in found.items():
        if isinstance(tensor, Tensor) and isinstance(name, str):
            tensor.role = program.roles.get(name) or ("parameter" if tensor.is_parameter else tensor.role)
            tensor.is_parameter = tensor.role == "parameter"
    if program.classes:
        found.attributes["module_classes"] = dict(program.classes)
    return found


def _add_files(reading: Reading, archive: Archive, root: str, tree: dict[Any, Value]) -> None:
    """Files that were packed with the programs: listed; compiled code is reported."""
    extra = _listed(archive, lambda name: name.startswith(f"{root}extra/"))
    if extra:
        tree["extra"] = {name.removeprefix(f"{root}extra/"): content for name, content in extra.items()}
    compiled = _listed(archive, lambda name: "aotinductor/" in name.removeprefix(root))
    if compiled:
        tree["compiled"] = {name.removeprefix(root): content for name, content in compiled.items()}
        native = [name for name in compiled if name.endswith((".so", ".dll", ".dylib", ".pyd"))]
        if native:
            reading.result.format["native code"] = plural(len(native), "file")
            reading.problem("native code, which loading the program would run", where=native[0], kind="odd")


def _listed(archive: Archive, wanted: Callable[[str], bool]) -> dict[str, LongBytes]:
    names = [name for name in archive.members if wanted(name) and not name.endswith("/")]
    return {name: LongBytes(archive.member_data(name)) for name in names}
