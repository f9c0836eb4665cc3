"""Which of several members of one name torch reads.

Its zip reader (miniz 3.0.2, mz_zip_reader_locate_file) sorts the names without regard to case, with a heap
sort, and takes whichever of equal ones a binary search comes upon first. Python's zipfile takes the last.
"""

from collections.abc import Sequence

from pthreport.checkpoint.containers.zip_directory import Member

SORTED = 20_000
"""Members up to which the sort is gone through; of more, the last of each name is taken."""


def _key(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass").lower()


def chosen(entries: Sequence[Member]) -> tuple[dict[str, Member], list[Member]]:
    """The member that each name leads to, in the directory's order, and those that none leads to."""
    last = {entry.name: entry for entry in entries}
    keys = [_key(entry.name) for entry in entries]
    if len(set(keys)) == len(keys):
        return last, []
    if len(keys) > SORTED:
        found = last
    else:
        order = _sorted(keys)
        found = {name: entries[_search(keys, order, _key(name))] for name in last}
    taken = {id(member) for member in found.values()}
    return found, [entry for entry in entries if id(entry) not in taken]


def _sorted(keys: Sequence[bytes]) -> list[int]:
    """The indices in the order in which miniz leaves them: equal names may be in any order."""
    order = list(range(len(keys)))
    for start in range((len(order) - 2) >> 1, -1, -1):
        _sift(keys, order, start, len(order))
    for end in range(len(order) - 1, 0, -1):
        order[end], order[0] = order[0], order[end]
        _sift(keys, order, 0, end)
    return order


def _sift(keys: Sequence[bytes], order: list[int], root: int, end: int) -> None:
    while (child := 2 * root + 1) < end:
        if child + 1 < end and keys[order[child]] < keys[order[child + 1]]:
            child += 1
        if not keys[order[root]] < keys[order[child]]:
            return
        order[root], order[child] = order[child], order[root]
        root = child


def _search(keys: Sequence[bytes], order: Sequence[int], wanted: bytes) -> int:
    low, high = 0, len(order) - 1
    while low <= high:
        middle = (low + high) // 2
        key = keys[order[middle]]
        if key == wanted:
            return order[middle]
        if key < wanted:
            low = middle + 1
        else:
            high = middle - 1
    raise AssertionError("a name of the directory is in it")
