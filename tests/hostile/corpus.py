"""All cases by group, and what each group stands for.

Every way that is known to us in which a checkpoint attacks its reader, or is broken, has cases here:

    gadgets       how a pickle names and calls a function (GLOBAL, INST, OBJ, NEWOBJ, STACK_GLOBAL, extension
                  codes, dotted names), hides it (popped, in the memo, behind junk, behind the end, in byte strings,
                  over a frame's end, as a storage's type), changes what it imports; the functions that published
                  malicious pickles call, and names nobody vouches for
    instructions  instructions at the edge: numbers, texts, sizes, marks, memo, frames, protocols
    bombs         depth, sharing, cycles, collisions, counts, amplification by views and by deflate
    tensors       sizes, strides, offsets, storages and persistent ids that lie; overlapping views; orphans
    zips          cut, changed, doubled, stray, misplaced, encrypted, badly compressed members; junk around; polyglots
    legacy        the same for files before torch 1.6 and for the tar before 0.1.10
    headers       safetensors, indices of shards, GGUF
    folders       torch.distributed.checkpoint
    strings       names and values that attack the page, the terminal, a spreadsheet, Markdown
    foreign       good files, which must stay good, and files of other kinds
"""

from pathlib import Path

from tests.hostile import (
    bombs,
    folders,
    foreign,
    gadgets,
    headers,
    instructions,
    legacy,
    strings,
    tensors,
    zips,
)
from tests.hostile.case import Case

GROUPS: dict[str, list[Case]] = {
    "gadgets": gadgets.CASES,
    "instructions": instructions.CASES,
    "bombs": bombs.CASES,
    "tensors": tensors.CASES,
    "zips": zips.CASES,
    "legacy": legacy.CASES,
    "headers": headers.CASES,
    "folders": folders.CASES,
    "strings": strings.CASES,
    "foreign": foreign.CASES,
}


def write(case: Case, folder: Path) -> Path:
    """Write a case's file, and those beside it, into a folder of its own; what is to be opened."""
    own = folder / case.name
    own.mkdir(parents=True)
    for name, content in case.beside.items():
        (own / name).write_bytes(content)
    file = own / (case.folder or case.name.replace("/", "_") + case.ending)
    file.write_bytes(case.bytes())
    return own if case.folder else file
