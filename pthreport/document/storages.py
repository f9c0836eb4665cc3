"""How the tensors of a file share and use its storages."""

from pthreport.document.base import Part


class StorageUse(Part, frozen=True, kw_only=True):
    """A storage that is not simply one tensor's: the tensors that view it, how many different views
    those are (tied weights are one), its bytes in the file, and those of them that any view covers."""

    tensors: tuple[str, ...]
    views: int
    nbytes: int
    used: int


class Copies(Part, frozen=True, kw_only=True):
    """Tensors of the same type, shape and values, bit by bit, each in a storage of its own, of
    `nbytes` each."""

    tensors: tuple[str, ...]
    nbytes: int
