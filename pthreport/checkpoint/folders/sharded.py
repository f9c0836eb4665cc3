"""Weights in several files: `*.index.json` says in `weight_map` which tensor is in which
(https://huggingface.co/docs/transformers/big_models, "Sharded checkpoints"), or the files' names do,
`model-00001-of-00003.safetensors`."""

import re
from typing import Any

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.folders.folder import Folder, plain_name, short
from pthreport.checkpoint.folders.part import read_file, read_json
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural
from pthreport.document.text import listed

INDEX_ENDING = ".index.json"

SHARD = re.compile(r"(.*?)[-_.](\d{1,6})-of-(\d{1,6})((?:\.\w+)?)")
"""A shard's name: what, number, of how many, ending."""

METADATA = "__metadata__"


def is_index(head: bytes, name: str) -> bool:
    """Whether a file with these first bytes is an index: JSON, and either its name or a key says so."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:1] == b"{" and (name.endswith(INDEX_ENDING) or b'"weight_map"' in start)


def read_index(reading: Reading, folder: Folder, name: str) -> None:
    """Read the shards that an index names; raises `FormatError` where none of them can be."""
    reading.result.container = "sharded"
    index = read_json(reading, folder, name)
    given = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(given, dict):
        raise FormatError(f"{short(name)} has no weight_map: no index of a sharded checkpoint")
    shards = _by_shard(reading, given, name)
    reading.result.format["index"] = name
    reading.result.format["shards"] = f"{len(shards):,}"
    tree: dict[Any, Value] = {}
    read = _Shards(reading, tree)
    for shard in sorted(shards):  # the map is in the order of the tensors' names
        read.shard(folder, shard, shards[shard])
    if not read.opened:
        raise _nothing(reading, f"none of the shards that {short(name)} names can be read")
    metadata = index.get("metadata")
    if isinstance(metadata, dict):
        read.metadata = {**metadata, **read.metadata}
    reading.result.tree = read.finish()


def _by_shard(reading: Reading, given: dict[str, Any], index: str) -> dict[str, set[str]]:
    """The tensors' names by shard, those of impossible shards refused."""
    shards: dict[str, set[str]] = {}
    refused: dict[str, list[str]] = {}
    for tensor, shard in given.items():
        why = plain_name(shard)
        if why is None and shard == index:
            why = "is the index itself"
        if why is None:
            shards.setdefault(shard, set()).add(tensor)
        else:
            refused.setdefault(f"the shard {short(shard)} {why}", []).append(tensor)
    for text, tensors in refused.items():
        reading.problem(f"{text}; {_left(tensors)}", "partial", where=tensors[0], kind="malformed")
    return shards


def _left(tensors: list[str]) -> str:
    return f"{plural(len(tensors), 'tensor')} not read: {listed(short(one) for one in tensors)}"


def _nothing(reading: Reading, text: str) -> FormatError:
    first = next((one.text for one in reading.result.problems if one.partial), None)
    return FormatError(text if first is None else f"{text}: {first}")


def numbered(names: list[str]) -> dict[tuple[str, int, str], dict[int, str]]:
    """Shards without an index, by what they are shards of: (stem, how many, ending) to numbers."""
    found: dict[tuple[str, int, str], dict[int, str]] = {}
    for name in names:
        match = SHARD.fullmatch(name)
        if match is not None and int(match[3]):
            found.setdefault((match[1], int(match[3]), match[4]), {})[int(match[2])] = name
    return found


def read_numbered(reading: Reading, folder: Folder, total: int, shards: dict[int, str]) -> None:
    """Read shards that no index names; raises `FormatError` where none of them can be."""
    reading.result.container = "sharded"
    reading.result.format["index"] = "none: the shards are known by their names"
    reading.result.format["shards"] = f"{total:,}"
    first = 0 if 0 in shards else 1
    missing = total - sum(first <= number < first + total for number in shards)
    if missing:
        reading.problem(
            f"{plural(missing, 'shard')} of {total:,} not in the folder",
            "partial",
            kind="missing-shard",
        )
    read = _Shards(reading, {})
    for number in sorted(shards):
        read.shard(folder, shards[number], None)
    if not read.opened:
        raise _nothing(reading, "none of the shards can be read")
    reading.result.tree = read.finish()


class _Shards:
    """The tensors of the shards read so far, as one mapping."""

    def __init__(self, reading: Reading, tree: dict[Any, Value]) -> None:
        self.reading = reading
        self.tree = tree
        self.opened = 0
        self.metadata: dict[Any, Value] = {}

    def shard(self, folder: Folder, name: str, wanted: set[str] | None) -> None:
        """Read one shard; `wanted` are the tensors that the index names for it."""
        part = read_file(self.reading, folder, name)
        if part is None:
            if wanted:
                self.reading.problem(_left(sorted(wanted)), "partial", where=name, kind="missing-shard")
            return
        self.opened += 1
        self.reading.result.format.setdefault("shards' container", part.result.container)
        if not isinstance(part.result.tree, dict):
            self.tree[name] = part.result.tree
            self.reading.problem(
                f"{short(name)} holds no mapping of names to tensors", "partial", where=name
            )
            return
        for key, value in part.result.tree.items():
            if key == METADATA and isinstance(value, dict):
                self.metadata.update(value)
            elif key in self.tree:
                self.reading.problem(
                    "a tensor that is in two shards: the first one counts",
                    "partial",
                    where=f"{name}: {key}",
                    kind="duplicate",
                )
            else:
                self.tree[key] = value
        if wanted is not None:
            self._compare(part.result.tree, name, wanted)

    def _compare(self, found: dict[Any, Value], name: str, wanted: set[str]) -> None:
        absent = sorted(wanted - found.keys())
        if absent:
            self.reading.problem(
                f"{short(name)} lacks what the index names for it; {_left(absent)}",
                "partial",
                where=name,
                kind="sizes-disagree",
            )
        more = [key for key, value in found.items() if isinstance(value, Tensor) and key not in wanted]
        if more:
            self.reading.problem(
                f"{short(name)} holds {plural(len(more), 'tensor')} that the index does not name for it",
                where=name,
                kind="sizes-disagree",
            )

    def finish(self) -> dict[Any, Value]:
        """The whole mapping, the shards' and the index's metadata under one key."""
        if self.metadata:
            self.tree = {METADATA: self.metadata, **self.tree}
        return self.tree
