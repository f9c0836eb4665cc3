"""torch.package: an archive of pickles at any path, with the source of the modules they need.

`.data/extern_modules` lists what is taken from the environment, `.data/<n>.storage` are the storages
of all pickles, `.data/ts_code/<id>/` TorchScript modules with their code in `.data/ts_code/code/`.
PackageImporter runs the packed sources; here they are listed, and the pickles read.
(torch/package/package_exporter.py)
"""

from functools import partial

from pthreport.checkpoint.containers.pickle_starts import PICKLE_START
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.script_code import ScriptClass
from pthreport.checkpoint.containers.torchscript import declare, declared_classes
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_directory import Member
from pthreport.checkpoint.containers.zip_pickles import (
    ZipPickles,
    facts,
    record,
    verify_storages,
)
from pthreport.checkpoint.errors import FormatError, ReadError, kind_of
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.values import Global, LongBytes, Record, Value
from pthreport.document.numbers import plural
from pthreport.document.text import cut, listed

_EXTERNS = ".data/extern_modules"
_CODE = ".data/ts_code/code/"
_PACKED = "A module whose source is packed in this archive: torch.package would run it."
_SCRIPT = ("torch.jit._script", "unpackage_script_module")
_LISTED = 50


def _root(archive: Archive) -> str | None:
    return next(
        (
            name.removesuffix(_EXTERNS)
            for name in archive.members
            if name.endswith(f"/{_EXTERNS}") and name.count("/") == 2
        ),
        None,
    )


def matches(archive: Archive) -> bool:
    """Whether the archive lists extern modules."""
    return _root(archive) is not None


def read(reading: Reading, archive: Archive) -> None:
    """Read every pickle of the archive, and list the rest."""
    root = _root(archive) or ""
    reading.result.container = "torch-package"
    facts(reading, archive, root)
    externs = (record(archive, f"{root}{_EXTERNS}") or "").split()
    reading.result.format["extern modules"] = _list(externs)
    python = record(archive, f"{root}.data/python_version")
    if python is not None:
        reading.result.format["python version"] = python.strip()[:40]
    package = _Package(reading, archive, root)
    sources: dict[str, LongBytes] = {}
    tree: dict[str, Value] = {}
    for name, member in archive.members.items():
        inside = name.removeprefix(root)
        if name.endswith("/") or inside == name or inside.startswith(".data/") or inside == "byteorder":
            continue
        if name.endswith(".py"):
            sources[inside] = LongBytes(archive.member_data(name))
        else:
            tree[inside] = package.resource(member)
    reading.result.format["interned modules"] = _list([_module(name) for name in sources])
    if sources:
        tree["sources"] = sources
    reading.result.tree = tree
    _judge(reading, {_module(name) for name in sources})
    reading.result.verify = partial(verify_storages, archive, (f"{root}.data/",))
    package.report_orphans()


def _list(names: list[str]) -> str:
    return f"{len(names):,}: {listed((cut(name, 100) for name in names), _LISTED)}" if names else "none"


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _judge(reading: Reading, interned: set[str]) -> None:
    for pair in reading.result.imports.pairs():
        if pair[0] in interned:
            reading.result.imports.explain(pair, _PACKED, "unknown")
        elif pair == _SCRIPT:
            reading.result.imports.explain(
                pair, "Loads a TorchScript module of this archive, which is shown."
            )


class _Package:
    """Reads the resources of one package; TorchScript modules are read once each."""

    def __init__(self, reading: Reading, archive: Archive, root: str) -> None:
        self._reading = reading
        self._archive = archive
        self._root = root
        self._pickles = ZipPickles(reading, archive, root)
        self._scripts: dict[str, Value] = {}
        self._classes: dict[tuple[str, str], ScriptClass] | None = None

    def resource(self, member: Member) -> Value:
        """What a member holds: a pickle's object, else its bytes, not read."""
        try:
            if self._is_pickle(member):
                return self._pickles.read(member.name, (".data/",), self._reduced).value
        except (FormatError, ReadError) as error:
            self._reading.problem(
                str(error), "partial", offset=member.header, where=member.name, kind=kind_of(error)
            )
        return LongBytes(self._archive.member_data(member.name))

    def _is_pickle(self, member: Member) -> bool:
        """Whether a member is one by its bytes: it begins like one, and ends, or names something."""
        if member.size < 4:
            return False
        data = self._archive.data(member)
        if PICKLE_START.match(data.read(0, 2)) is None:
            return False
        found = Imports(self._reading.file.limits.names)
        outcome = self._reading.probe(data, 0, found)
        return outcome.error is None or len(found) > 0

    def _reduced(self, identity: Value) -> Value:
        """('reduce_package', id, function, arguments): a call that the importer would make."""
        if not isinstance(identity, tuple) or len(identity) != 4 or identity[0] != "reduce_package":
            return None
        function, args = identity[2:]
        if not isinstance(function, Global) or not isinstance(args, tuple):
            return None
        self._reading.result.imports.called((function.module, function.name))
        if (function.module, function.name) == _SCRIPT and len(args) == 1 and isinstance(args[0], str):
            found = self._script(args[0])
            if found is not None:
                return found
        return Record(function.module, function.name, args)

    def _script(self, number: str) -> Value:
        name = f"{self._root}.data/ts_code/{number}/data.pkl"
        if name not in self._scripts and name in self._archive.members:
            self._scripts[name] = None
            if self._classes is None:
                self._classes = declared_classes(self._reading, self._archive, f"{self._root}{_CODE}")
            try:
                value = self._pickles.read(name, (".data/",)).value
                constants = f"{name.removesuffix('data.pkl')}constants.pkl"
                held = (
                    self._pickles.read(constants, (".data/",)).value
                    if constants in self._archive.members
                    else ()
                )
            except FormatError as error:
                self._reading.problem(
                    error.text, "partial", offset=error.offset, where=name, kind=error.kind
                )
                return None
            declare(self._reading, value, self._classes)
            if held != () and isinstance(value, Record):
                value.pairs.append(("constants", held))
            self._scripts[name] = value
        return self._scripts.get(name)

    def report_orphans(self) -> None:
        """Report storages that no pickle names."""
        members, used = self._archive.members, self._pickles.used
        left = [
            name
            for name in members
            if name.startswith(f"{self._root}.data/") and name.endswith(".storage") and name not in used
        ]
        if left:
            size = sum(members[name].size for name in left)
            self._reading.problem(
                f"{plural(len(left), 'storage')} of together {plural(size, 'byte')} belong to no tensor",
                offset=members[left[0]].header,
                where=left[0],
                kind="stray",
            )
