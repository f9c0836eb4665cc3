"""Good files, which must stay good, and files of other kinds."""

import gzip
import math
import struct

from tests.checkpoint.test_any_bytes import good
from tests.hostile.archives import Entry, archive, entries, torch_file
from tests.hostile.case import Case
from tests.hostile.headers import one, safetensors
from tests.hostile.legacy import GOOD as LEGACY
from tests.hostile.legacy import TAR, tarred
from tests.hostile.pickled import P2, STOP, mapping, storage, tensor


def _good(title: str, content: bytes, what: str, ending: str = ".pt") -> Case:
    return Case(title, "control", content, what, partial=False, opens=True, ending=ending)


def _foreign(title: str, content: bytes, what: str, says: str) -> Case:
    return Case(title, "malformed", content, what, (), says, None, False, None, ".pth")


def _doubles(*values: float) -> bytes:
    from tests.hostile.pickled import name

    pickle = (
        P2
        + mapping(w=tensor(storage(kind=name("torch", "DoubleStorage"), count=len(values)), (len(values),)))
        + STOP
    )
    return torch_file(pickle, **{"data/0": struct.pack(f"<{len(values)}d", *values)})


_EMPTY = torch_file(P2 + mapping(w=tensor(storage(count=0), (0, 3), (3, 1))) + STOP, **{"data/0": b""})
_SCRIPT = archive(
    [*entries(P2 + mapping(w=tensor()) + STOP), Entry("archive/constants.pkl", P2 + b")."),
     Entry("archive/code/__torch__.py", b"import os\nos.system('true')\n")]
)  # fmt: skip

CASES: list[Case] = [
    _good("good", torch_file(), "a torch archive"),
    _good("good_empty_tensor", _EMPTY, "a tensor without elements"),
    _good("good_not_finite", _doubles(math.nan, math.inf, -math.inf, -0.0), "numbers that are not finite"),
    _good("good_extremes", _doubles(5e-324, 1.7e308, -1.7e308, 1e-308), "numbers whose squares are not finite"),
    _good("good_legacy", LEGACY, "a legacy file", ".pth"),
    _good("good_tar", tarred(**TAR), "a tar of torch's", ".pth"),
    _good("good_safetensors", safetensors(one()), "safetensors", ".safetensors"),
    _good("good_safetensors_named_pth", safetensors(one()), "safetensors under another name", ".pth"),
    _good("good_zip_named_safetensors", torch_file(), "a torch archive under another name", ".safetensors"),
    _good("good_script", _SCRIPT, "a TorchScript archive, with code that is only listed"),
    *(_good(f"good_written_{title.replace(' ', '_')}", content, f"what a writer wrote: {title}") for title, content in good().items()),
    _foreign("png", b"\x89PNG\r\n\x1a\n", "a picture", "PNG"),
    _foreign("gzip", gzip.compress(torch_file(), mtime=0), "a gzip of a checkpoint", "gunzip"),
    _foreign("html", b"<!DOCTYPE html><html>", "a web page", "HTML page"),
    _foreign("pointer", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "Git LFS"),
    _foreign("zeros", bytes(1000), "an unfinished download", "zero bytes"),
    _foreign("script", b"#!/bin/sh\ntrue\n", "a shell script", "text file"),
    _foreign("elf", b"\x7fELF" + bytes(100), "a program", "program"),
]  # fmt: skip
