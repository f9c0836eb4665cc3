"""Of several members of one name, the one that torch reads."""

import random
from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import open_checkpoint
from pthreport.checkpoint.torch_allowed import TORCH_VERSION
from tests.hostile.archives import Entry, archive
from tests.hostile.pickled import P2, STOP, mapping, number

NAMES = (
    "data.pkl",
    "data.pkl",
    "data.pkl",
    "DATA.PKL",
    "Data.pkl",
    "data/0",
    "byteorder",
    "x",
    "z",
    "DATA/1",
)


@pytest.mark.skipif(
    not torch.__version__.startswith(TORCH_VERSION), reason="another torch has another reader"
)
def test_it_is_the_one_that_torch_reads(tmp_path: Path) -> None:
    chance = random.Random(5)
    file = tmp_path / "x.pt"
    read = set()
    for _ in range(300):
        names = ["data.pkl", *chance.choices(NAMES, k=chance.randrange(2, 14))]
        chance.shuffle(names)
        pickles = [P2 + mapping(n=number(at)) + STOP for at in range(len(names))]
        entries = [
            Entry(f"archive/{name}", b"little" if name == "byteorder" else pickle)
            for name, pickle in zip(names, pickles, strict=True)
        ]
        file.write_bytes(archive([*entries, Entry("archive/version", b"3\n")]))
        theirs = torch.load(file, weights_only=True)["n"]
        with open_checkpoint(file) as checkpoint:
            assert checkpoint.tree == {"n": theirs}, names
        read.add((names.count("data.pkl"), names[:theirs].count("data.pkl")))
    assert len(read) > 5  # neither always the first nor always the last


def test_the_others_are_told_and_looked_through(tmp_path: Path) -> None:
    evil = P2 + b"cos\nsystem\n."
    good = P2 + mapping(n=number(1)) + STOP
    for first, second in ((evil, good), (good, evil)):
        file = tmp_path / "x.pt"
        file.write_bytes(
            archive([Entry("a/data.pkl", first), Entry("a/data.pkl", second), Entry("a/version", b"3")])
        )
        with open_checkpoint(file) as checkpoint:
            assert ("os", "system") in {(one.module, one.name) for one in checkpoint.imports}
            assert any("more than once" in problem.text for problem in checkpoint.problems)
