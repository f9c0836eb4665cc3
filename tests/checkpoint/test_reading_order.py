"""Blocks, reading order, slices: whatever the view, its values come from the right places."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import DTYPES, ReadError, Storage, Tensor, open_checkpoint
from pthreport.checkpoint.source import Held
from tests.checkpoint.files import save


def over(values: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", view: torch.Tensor) -> Tensor:
    """Our tensor over the same storage as a torch view."""
    storage = Storage("k", DTYPES["float32"], values.size, None, Held(values.tobytes()))
    return Tensor(
        tuple(view.shape), tuple(view.stride()), int(view.storage_offset()), DTYPES["float32"], storage
    )


@st.composite
def views(draw: st.DrawFn) -> torch.Tensor:
    """A random view of a small storage: permuted, sliced, expanded, narrowed."""
    shape = draw(st.lists(st.integers(1, 5), min_size=0, max_size=4))
    view = torch.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    if view.dim():
        view = view.permute(draw(st.permutations(range(view.dim()))))
        for dim in range(view.dim()):
            start = draw(st.integers(0, view.shape[dim] - 1))
            view = view[(slice(None),) * dim + (slice(start, None, draw(st.integers(1, 3))),)]
    if draw(st.booleans()):
        view = view.expand(draw(st.integers(1, 3)), *view.shape)
    return view


@settings(max_examples=200, deadline=None)
@given(view=views(), data=st.data())
def test_every_view_reads_as_torch_does(view: torch.Tensor, data: st.DataObject) -> None:
    values = torch.empty(0).set_(view.untyped_storage()).numpy()
    tensor = over(values, view)
    expected = view.contiguous().numpy()
    np.testing.assert_array_equal(tensor.numpy(), expected)
    assert tensor.contiguous == view.is_contiguous()
    assert sorted(tensor.order) == list(range(view.dim()))
    reading = expected.transpose(tensor.order).reshape(-1)
    start = data.draw(st.integers(0, tensor.numel))
    stop = data.draw(st.integers(start, tensor.numel))
    np.testing.assert_array_equal(tensor.read(start, stop), reading[start:stop])
    index = tuple(
        data.draw(
            st.integers(-size, size - 1)
            | st.builds(slice, st.integers(0, size), st.integers(0, size), st.integers(1, 2))
        )
        for size in view.shape[: data.draw(st.integers(0, view.dim()))]
    )
    np.testing.assert_array_equal(tensor.slice(index), expected[index])


def test_dense_views_are_read_in_storage_order(tmp_path: Path) -> None:
    value = torch.randn(2, 3, 4, 5)
    file = save(
        tmp_path / "v.pt",
        {
            "t": value[0, 0].t().contiguous().t(),
            "cl": value.contiguous(memory_format=torch.channels_last),
            "gap": value[:, :, ::2],
            "wide": torch.ones(1).expand(1000, 1000),
        },
    )
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tensors["t"].order == (1, 0)
        assert checkpoint.tensors["cl"].order == (0, 2, 3, 1)
        assert checkpoint.tensors["cl"].read_shape == (2, 4, 5, 3)
        assert checkpoint.tensors["gap"].order == (0, 1, 2, 3)
        assert not checkpoint.tensors["gap"].dense
        assert checkpoint.tensors["wide"].read(999_990, 1_000_000).tolist() == [1.0] * 10


def test_wide_gaps_are_not_read() -> None:
    class Counted(Held):
        asked = 0

        def read_into(self, buffer: memoryview, start: int) -> None:
            Counted.asked += len(buffer)
            super().read_into(buffer, start)

    values = np.arange(1_000_000, dtype=np.float32)
    storage = Storage("k", DTYPES["float32"], values.size, None, Counted(values.tobytes()))
    tensor = Tensor((10,), (100_000,), 3, DTYPES["float32"], storage)
    np.testing.assert_array_equal(tensor.read(0, 10), values[3::100_000])
    assert Counted.asked == 40


def test_bounds_are_checked() -> None:
    storage = Storage("k", DTYPES["float32"], 4, None, Held(bytes(16)))
    for shape, strides, offset in (
        ((5,), (1,), 0),
        ((2,), (4,), 0),
        ((1,), (1,), 4),
        ((2, 2), (2**40, 1), 0),
    ):
        tensor = Tensor(shape, strides, offset, DTYPES["float32"], storage)
        assert "sizes and strides need" in (tensor.check() or "")
        with pytest.raises(ReadError):
            tensor.numpy()
    assert Tensor((0, 3), (3, 1), 99, DTYPES["float32"], storage).check() is None


def test_the_file_is_not_read_after_closing(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(save(tmp_path / "v.pt", {"w": torch.ones(3)}))
    checkpoint.close()
    checkpoint.close()
    with pytest.raises(ReadError, match="closed"):
        checkpoint.tensors["w"].read(0, 1)


def test_a_file_cut_while_open_is_an_error_not_a_crash(tmp_path: Path) -> None:
    file = save(tmp_path / "v.pt", {"w": torch.ones(100_000)})
    with open_checkpoint(file) as checkpoint:
        file.write_bytes(file.read_bytes()[:1000])
        with pytest.raises(ReadError, match="ends at byte"):
            checkpoint.tensors["w"].numpy()


def test_an_unknown_tensor_gets_the_nearest_names(tmp_path: Path) -> None:
    with open_checkpoint(save(tmp_path / "v.pt", {"conv1.weight": torch.ones(3)})) as checkpoint:
        with pytest.raises(KeyError, match=r"conv1\.weight"):
            checkpoint.tensors["conv1.wieght"]
        assert "conv2.weight" not in checkpoint.tensors
