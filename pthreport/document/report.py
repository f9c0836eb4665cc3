"""The report as a whole."""

from typing import TYPE_CHECKING, Literal

from pthreport.document.architecture import Architecture
from pthreport.document.base import Basis, Part
from pthreport.document.captions import Captions
from pthreport.document.contents import Node, SourceText
from pthreport.document.discretion import Discretion
from pthreport.document.finding import Finding
from pthreport.document.model import Model
from pthreport.document.storages import Copies, StorageUse
from pthreport.document.tensor import TensorRecord
from pthreport.document.training import Training

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = "1.0"

Container = Literal[
    "torch-zip",
    "torch-legacy",
    "torch-tar",
    "torchscript",
    "torch-package",
    "torch-export",
    "safetensors",
    "sharded",
    "dcp",
    "deepspeed",
    "gguf",
    "pickle",
]


ProblemKind = Literal[
    "truncated",
    "checksum",
    "malformed",
    "missing-storage",
    "missing-shard",
    "sizes-disagree",
    "duplicate",
    "overlap",
    "trailing",
    "stray",
    "second-pickle",
    "unsupported",
    "limit",
    "odd",
]
"""What can be wrong with a file. Bytes that belong to nothing are "trailing", values and members that
nothing leads to "stray", two things of one name "duplicate"; "limit" is a bound of the reader's own."""


class Tool(Part, frozen=True, kw_only=True):
    """Who wrote the report."""

    name: str
    version: str


class TorchView(Part, frozen=True, kw_only=True):
    """What `torch.load(file, weights_only=True)` of torch `version` makes of the file.

    `weights_only` says whether it takes the file. Where it does not: `stops_at` is the first name (or
    pickle instruction, or act) at which its restricted unpickler stops, `refuses_container` why its
    reader does not take the container or a tensor in it, whatever the names. Both may be.
    """

    weights_only: bool
    stops_at: str | None = None
    refuses_container: str | None = None
    version: str


class FileFacts(Part, frozen=True, kw_only=True):
    """One file of a checkpoint of several: its name in the folder, its bytes, and its SHA-256 (None
    where it was not taken)."""

    name: str
    size: int
    sha256: str | None = None


class ProblemFound(Part, frozen=True, kw_only=True):
    """Something that is wrong with the file: `text` in words, `where` a tree path or a member's name,
    `offset` a byte of the file. `partial`: something stayed unread because of it; `refused`: torch's own
    reader does not take the file for it."""

    kind: ProblemKind
    text: str
    where: str | None = None
    offset: int | None = None
    partial: bool = False
    refused: bool = False


class CheckpointFacts(Part, frozen=True, kw_only=True):
    """The file itself. `size` in bytes; `sha256` is None where it was not taken; `format` holds facts
    about the container in words ("pickle protocol": "2"). `complete` is false where anything could
    not be read, and `problems` says what, where, and at which offset, `problem_list` the same in
    parts. `torch` is None for what nobody gives to torch.load (a folder, GGUF).

    Of a folder, `files` are the files in it that were read, in the order of their names; `size` is
    the sum of theirs, and `sha256` that of the lines "digest, two spaces, name", as
    `(cd FOLDER && sha256sum FILES | sha256sum)` gives it with the names in this order. It is empty
    for a single file."""

    name: str
    size: int
    sha256: str | None
    container: Container
    format: dict[str, str] = {}
    complete: bool
    problems: tuple[str, ...] = ()
    problem_list: tuple[ProblemFound, ...] = ()
    torch: TorchView | None = None
    files: tuple[FileFacts, ...] = ()


class Import(Part, frozen=True, kw_only=True):
    """A name that loading this file would import: how often it is named, what is done with it
    ("imported", "called", "built", "set"), and the first places in the tree."""

    module: str
    name: str
    verdict: Literal["known", "unknown", "dangerous"]
    why: str
    uses: tuple[str, ...] = ()
    count: int = 1
    places: tuple[str, ...] = ()


State = Literal["good", "caution", "bad", "unknown"]


class Statement(Part, frozen=True, kw_only=True):
    """One of the answers under the verdict: safe to load, healthy, how much was examined. `word` is the answer in a
    word or a few, with which `text` begins where it has so short an opening."""

    state: State
    text: str
    word: str = ""


class Summary(Part, frozen=True, kw_only=True):
    """The verdict. `what` is the sentence that says what the file is, `basis` how sure that is;
    `worst` are indices into the report's findings, worst first, at most five."""

    what: str
    basis: Basis
    safety: Statement
    health: Statement
    examined: Statement
    errors: int
    warnings: int
    notes: int
    passed: int
    worst: tuple[int, ...] = ()


class Provenance(Part, frozen=True, kw_only=True):
    """How the report came to be: nothing that differs between two runs on the same bytes. `meta` is what
    the caller gave to be recorded (run, commit, licence, data set)."""

    timestamp: str | None
    options: dict[str, str]
    meta: dict[str, str] = {}
    libraries: dict[str, str]
    platform: str
    statements: dict[str, str] = {}


class Report(Part, frozen=True, kw_only=True):
    """A whole report. Plain data: `analyze` makes it, `save` and the renderers only read it."""

    schema_version: str = SCHEMA_VERSION
    tool: Tool
    title: str
    checkpoint: CheckpointFacts
    summary: Summary
    findings: tuple[Finding, ...]
    imports: tuple[Import, ...]
    imports_left_out: int = 0
    contents: Node
    sources: tuple[SourceText, ...] = ()
    models: tuple[Model, ...]
    tensors: tuple[TensorRecord, ...]
    storages: tuple[StorageUse, ...] = ()
    copies: tuple[Copies, ...] = ()
    training: Training
    architecture: Architecture | None = None
    discretion: Discretion = Discretion()
    captions: Captions = Captions()
    provenance: Provenance

    def save(self, path: "str | Path", format: str | None = None) -> None:
        """Write the report; the ending of `path` chooses the kind unless `format` names it.

        Raises `pthreport.OutputError` where the ending is unknown or the place cannot be written.
        """
        from pthreport.render import write

        write(self, path, format)

    def _repr_html_(self) -> str:
        from pthreport.render import notebook

        return notebook(self)
