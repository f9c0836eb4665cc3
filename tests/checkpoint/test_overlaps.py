"""Views of one storage, told where their ranges overlap without being the same."""

from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import open_checkpoint
from tests.checkpoint.files import save

BASE = torch.arange(100.0)


@pytest.mark.parametrize(
    ("value", "where", "words"),
    [
        ({"a": BASE[0:10], "b": BASE[5:15]}, "a", "overlap those of 'b' in one storage"),
        ({"b": BASE[5:15], "a": BASE[0:10]}, "a", "overlap those of 'b'"),
        ({"part": BASE[3:4], "whole": BASE}, "whole", "overlap those of 'part'"),
        ({"w": BASE, "a": BASE[:5], "b": BASE[50:55]}, "w", "the storage has 2 such pairs"),
        ({"ties": BASE, "tied": BASE, "flat": BASE.reshape(10, 10).t()}, None, ""),
        ({"a": BASE[:50], "b": BASE[50:]}, None, ""),
        ({"a": BASE[::2], "none": BASE[5:5]}, None, ""),
        ({"a": torch.ones(3), "b": torch.ones(3)}, None, ""),
    ],
)
def test_overlaps_are_named(
    tmp_path: Path, value: dict[str, torch.Tensor], where: str | None, words: str
) -> None:
    for legacy in (False, True):
        file = save(tmp_path / "x.pt", value, _use_new_zipfile_serialization=not legacy)
        with open_checkpoint(file) as checkpoint:
            assert checkpoint.complete
            if where is None:
                assert checkpoint.problems == []
                continue
            (problem,) = checkpoint.problems
            assert problem.where == where
            assert words in problem.text
            assert problem.offset is not None
            content = file.read_bytes()
            begin = content.index(BASE.numpy().tobytes())
            assert content[problem.offset : problem.offset + 4] == b"PK\x03\x04" or problem.offset == begin
