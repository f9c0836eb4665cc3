"""Reading a checkpoint without running a line of it: an inert tree, and tensors that stay in the file."""

from pthreport.checkpoint.checkpoint import Checkpoint, open_checkpoint
from pthreport.checkpoint.dtypes import DTYPES, DType
from pthreport.checkpoint.errors import CheckpointError, Problem, ReadError
from pthreport.checkpoint.imports import ImportUse
from pthreport.checkpoint.limits import LimitError, Limits, listing, with_settings
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Quantization, Tensor
from pthreport.checkpoint.torch_view import TorchView
from pthreport.checkpoint.values import Collection, Global, Key, LongBytes, Mapping, Record, Value
from pthreport.checkpoint.walk import Visit, key_text, kind_of, walk

__all__ = [
    "DTYPES",
    "Checkpoint",
    "CheckpointError",
    "Collection",
    "DType",
    "Global",
    "ImportUse",
    "Key",
    "LimitError",
    "Limits",
    "LongBytes",
    "Mapping",
    "Problem",
    "Quantization",
    "ReadError",
    "Record",
    "Storage",
    "Tensor",
    "TorchView",
    "Value",
    "Visit",
    "key_text",
    "kind_of",
    "listing",
    "open_checkpoint",
    "walk",
    "with_settings",
]
