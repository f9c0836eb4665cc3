"""Decoded values beside those of the libraries that invented the schemes.

`write_library_files.py` wrote files and arrays with the versions in data/versions.json; `make prove` writes them
anew with what is current and has this test read those (PTHREPORT_LIBRARY_FILES names the folder).
"""

import os
from pathlib import Path

import numpy as np
import pytest

from pthreport.checkpoint import open_checkpoint
from pthreport.parameters import logical_parameters
from pthreport.parameters.matrix import Array

DATA = Path(os.environ.get("PTHREPORT_LIBRARY_FILES") or Path(__file__).parent / "data")
CASES = sorted(path.stem for path in DATA.glob("*.npz"))

# Written in bfloat16 by the library: equal after that one rounding.
ROUNDED = {"compressed_nvfp4", "compressed_mxfp4", "compressed_mxfp6", "compressed_mxfp8"}
# Sums of squares and products, which torch takes in the parameter's own type and another order: a few roundings.
SUMMED = {"torch_reparametrised_old", "torch_parametrizations"}


def path_of(case: str) -> Path:
    return next(p for p in (DATA / f"{case}.pt", DATA / f"{case}.safetensors", DATA / case) if p.exists())


def bare(path: str) -> str:
    """A parameter's name in its module, whatever the container calls the place."""
    return path.replace("_modules.", "").removesuffix(" (2)")


def rounded(values: Array) -> Array:
    """To bfloat16 and back, ties to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    up = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return ((bits + up) & np.uint32(0xFFFF0000)).view(np.float32)


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_the_library(case: str) -> None:
    expected = dict(np.load(DATA / f"{case}.npz"))
    with open_checkpoint(path_of(case)) as checkpoint:
        parameters = logical_parameters(checkpoint.tensors, checkpoint.tree)
        assert parameters.inconsistent == ()
        found = {bare(one.path): one for one in parameters.found}
        assert expected.keys() <= found.keys()
        for name, wanted in expected.items():
            one = found[name]
            assert one.problem is None
            values = one.numpy().reshape(wanted.shape)
            if case in ROUNDED:
                values = rounded(values)
            if case in SUMMED:
                exact = 2**-7 if "bfloat16" in one.label else 2**-20
                np.testing.assert_allclose(values, wanted, rtol=exact, atol=0)
            else:
                np.testing.assert_array_equal(values, wanted)
            assert one.shape == wanted.shape or "rows are groups" in " ".join(one.notes)


def test_every_library_wrote_something() -> None:
    assert {case.split("_")[0] for case in CASES} == {
        "bitsandbytes",
        "compressed",
        "hqq",
        "quanto",
        "torch",
    }
