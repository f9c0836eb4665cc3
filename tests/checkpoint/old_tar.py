"""Writes what torch.save wrote before 0.1.10, as torch/serialization.py and
torch/csrc/generic/serialization.cpp of v0.1.9 did, with the tensors of today's torch."""

import io
import pickle
import struct
import sys
import tarfile
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

View = tuple[int, int, int, int]


def tensor_type(value: torch.Tensor) -> Any:
    """torch.FloatTensor and the like, which tensors were instances of then."""
    return getattr(torch, value.type().removeprefix("torch."))


def storage_of(value: Any) -> Any:
    """The typed storage under a tensor."""
    return value.storage()


class _Pickler(pickle.Pickler):
    """Tensors and storages leave their key, modules their class with its source; parameters were no
    tensors but held one."""

    def __init__(self, file: Any, protocol: int, archive: "OldTar") -> None:
        super().__init__(file, protocol)
        self._archive = archive

    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, type) and issubclass(obj, torch.nn.Module):
            if obj in self._archive.sources:
                return None
            self._archive.sources.append(obj)
            return (obj, f"/code/{obj.__name__}.py", f"class {obj.__name__}(nn.Module):\n    pass\n")
        if isinstance(obj, torch.Tensor) and not isinstance(obj, torch.nn.Parameter):
            return str(self._archive.tensor(obj))
        if isinstance(obj, torch.TypedStorage):
            return str(self._archive.storage(obj))
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, torch.nn.Parameter):
            return torch.nn.Parameter, (obj.data,), (obj.requires_grad, False, None)
        return obj.__name__ if type(obj) is type(torch.FloatTensor) else NotImplemented


class OldTar:
    """The four members of one archive. `views` are storages that are parts of others: key, root's key,
    offset, length."""

    def __init__(self, value: Any, protocol: int = 2, views: list[View] | None = None) -> None:
        self.protocol = protocol
        self.views = views or []
        self.tensors: dict[int, torch.Tensor] = {}
        self.storages: dict[int, Any] = {}
        self.sources: list[type] = []
        self._keys: dict[tuple[str, int], int] = {}
        self._held: list[Any] = []
        main = io.BytesIO()
        _Pickler(main, protocol, self).dump(value)
        self.members: dict[str, bytes] = {
            "sys_info": self.dump(
                {
                    "protocol_version": 1000,
                    "little_endian": sys.byteorder == "little",
                    "type_sizes": {"short": 2, "int": 4, "long": 8},
                }
            ),
            "pickle": main.getvalue(),
            "tensors": self._tensors(),
            "storages": self._storages(),
        }

    def _key(self, kind: str, identity: int, held: Any) -> int:
        self._held.append(held)
        return self._keys.setdefault((kind, identity), 94_000_000_000_000 + 16 * len(self._keys))

    def tensor(self, value: torch.Tensor) -> int:
        """The key of a tensor: its address then, a number here."""
        key = self._key("tensor", id(value), value)
        self.tensors[key] = value
        return key

    def storage(self, value: Any) -> int:
        """The key of a storage."""
        key = self._key("storage", value.untyped()._cdata, value)
        self.storages[key] = value
        return key

    def dump(self, value: Any) -> bytes:
        """One pickle."""
        file = io.BytesIO()
        _Pickler(file, self.protocol, self).dump(value)
        return file.getvalue()

    def _tensors(self) -> bytes:
        parts = [self.dump(len(self.tensors))]
        for key, value in self.tensors.items():
            parts.append(self.dump((key, self.storage(storage_of(value)), tensor_type(value))))
            numbers = [*value.shape, *value.stride(), value.storage_offset()]
            # The dimensions were an int, written as a long: the upper half is what stood behind it.
            parts.append(struct.pack(f"<ii{len(numbers)}q", value.dim(), -7, *numbers))
        return b"".join(parts)

    def _storages(self) -> bytes:
        parts = [self.dump(len(self.storages))]
        for key, value in self.storages.items():
            kind = getattr(torch, value.pickle_storage_type())
            parts.append(self.dump((key, "cpu", kind)))
            raw = bytes(value.untyped().tolist())
            parts.append(struct.pack("<q", value.size()) + raw)
        parts.append(self.dump(self.views))
        return b"".join(parts)

    def write(self, file: Path) -> Path:
        """The archive; the path."""
        with closing(tarfile.open(file, mode="w:", format=tarfile.PAX_FORMAT)) as tar:
            for name, content in self.members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                member.mtime = 1486000000.25  # tar.add takes the file's, with its fraction
                tar.addfile(member, io.BytesIO(content))
        return file


def read_by_torch(file: Path) -> Any:
    """What torch itself makes of an archive that `OldTar` wrote: its pickle is our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(file, weights_only=False)
