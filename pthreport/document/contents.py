"""The object tree as it was saved, and source code that stands in the file."""

from typing import Literal

from pthreport.document.base import Part

NodeKind = Literal[
    "mapping",
    "list",
    "tuple",
    "set",
    "tensor",
    "object",
    "global",
    "string",
    "bytes",
    "integer",
    "float",
    "complex",
    "boolean",
    "none",
    "reference",
]


class Node(Part, frozen=True, kw_only=True):
    """One value of the file, with what it holds.

    `key` is how its parent calls it ("" at the root), `type` the name the file gives its type
    ("dict", "collections.OrderedDict", "float32", "argparse.Namespace"), `text` a short form of the
    value (cut, with its length, when long). `count` is the number of children in the file, of which
    `children` holds the first ones: `count - len(children)` were left out of the report. A value that
    stands in several places (or inside itself) is spelled out at the first and a "reference" to that
    place's path afterwards. `path` is a tensor's path, or the path that a reference leads to.
    """

    key: str
    kind: NodeKind
    type: str
    text: str = ""
    count: int = 0
    children: tuple["Node", ...] = ()
    path: str | None = None


class SourceText(Part, frozen=True, kw_only=True):
    """Source code that stands in the file and was not run: of a pickled class, as its writer saw it, or a
    member of an archive.

    `name` is the class ("package.module.Class") or the member, `file` where the writer had it (None
    where the file does not say), `text` the code, cut where it is shorter than `characters`.
    """

    name: str
    file: str | None = None
    text: str
    characters: int
