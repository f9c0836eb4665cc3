"""Pickles as Python and torch write them, without their first and last instruction: values for the grammar."""

import datetime
import decimal
import enum
import fractions
import io
import pickle
import pickletools
import uuid
import warnings
import zipfile
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import torch


class Colour(enum.Enum):
    """Pickled by name, from protocol 4 on through getattr."""

    RED = 1


def _values() -> list[Any]:
    return [
        OrderedDict(a=1, b=[2]), np.arange(3), np.float32(2), np.array(["a", None], dtype=object), defaultdict(list, a=[1]),
        [PurePosixPath("a"), {1, 2}, 1j, frozenset("ab"), bytearray(b"x"), slice(1, 2), range(3)], deque([1]), Counter("aab"),
        datetime.datetime(2020, 1, 1), decimal.Decimal("1.5"), fractions.Fraction(1, 2), uuid.UUID(int=1), array("d", [1.0]),
        torch.float32, torch.Size([1, 2]), torch.device("cpu"), torch.strided, KeyError("x"), Colour.RED, len, enum.Enum,
    ]  # fmt: skip


def _bare(content: bytes) -> bytes:
    """The instructions between PROTO (and FRAME) and STOP."""
    start = next(at for code, _, at in pickletools.genops(content) if code.name not in ("PROTO", "FRAME"))
    return content[start or 0 : -1]


def _torch_pickles() -> list[bytes]:
    """The pickles of torch's archives; all refer to the storage "0" or more."""
    layer = torch.nn.Linear(2, 2, dtype=torch.float32)
    sparse = torch.eye(2).to_sparse()
    values = [
        {"w": torch.arange(4.0)}, layer.state_dict(), layer, torch.nn.Parameter(torch.ones(2)),
        torch.optim.SGD(layer.parameters(), lr=0.1).state_dict(), sparse, torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
        torch.eye(2).to_sparse_csr(), torch.nested.nested_tensor([torch.ones(2)]),
    ]  # fmt: skip
    found = []
    for value in values:
        buffer = io.BytesIO()
        torch.save(value, buffer)
        with zipfile.ZipFile(buffer) as archive:
            found.append(archive.read("archive/data.pkl"))
    return found


def _written() -> tuple[bytes, ...]:
    # Memo numbers of several in one pickle overlap: what is named then is another thing, as in any pickle.
    found = [_bare(pickle.dumps(value, protocol)) for value in _values() for protocol in (0, 2, 4)]
    with warnings.catch_warnings(action="ignore"):  # sparse and nested tensors may change, says torch
        return (*found, *map(_bare, _torch_pickles()))


WRITTEN = _written()
"""What leaves one value on the stack."""
