"""Pictures hold what they say: each cell the mean of its values, each tile its unit's slice."""

import base64
import zlib
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from pthreport.document import Picture
from pthreport.measure import PictureKind, Task, measure_one
from tests.measure.arrays import tensor

Single = NDArray[np.float32]


def drawn(array: Single, kind: PictureKind, axis: int | None = 0, groups: int = 1) -> Picture:
    found = measure_one(Task(tensor(array), unit_axis=axis, groups=groups, picture=kind)).picture
    assert found is not None
    return found


def unpacked(picture: Picture) -> NDArray[np.float64]:
    raw = zlib.decompress(base64.b64decode(picture.data))
    depth = 3 if picture.layout == "rgb" else 1
    values = np.frombuffer(raw, np.int8).astype(np.float64) / 127 * picture.scale
    return values.reshape(-1, picture.height, picture.width * depth)


def normal(*shape: int) -> Single:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(
    "shape", [(10, 7), (96, 96), (100, 97), (200, 1000), (1000, 200), (1, 500), (2, 300_000)]
)
@pytest.mark.parametrize("columns_first", [False, True])
def test_cells_are_means_of_exactly_their_values(shape: tuple[int, int], columns_first: bool) -> None:
    array = normal(*shape)
    picture = drawn(np.asfortranarray(array) if columns_first else array, "matrix")
    rows, columns = min(shape[0], 96), min(shape[1], 96)
    assert (picture.height, picture.width) == (rows, columns)
    down = np.arange(rows + 1) * shape[0] // rows
    across = np.arange(columns + 1) * shape[1] // columns
    wide = array.astype(np.float64)
    expected = np.asarray([[wide[a:b, c:d].mean() for c, d in pairwise(across)] for a, b in pairwise(down)])
    assert picture.scale == pytest.approx(np.abs(expected).max(), rel=1e-9)
    assert np.abs(unpacked(picture)[0] - expected).max() <= picture.scale / 127 * 0.501
    assert picture.averaged == (shape[0] / rows, shape[1] / columns)


def test_pointwise_kernels_are_a_matrix() -> None:
    array = normal(8, 12, 1, 1)
    picture = drawn(array, "tiles")
    assert picture.layout == "matrix"
    assert np.abs(unpacked(picture)[0] - array[:, :, 0, 0]).max() <= picture.scale / 127 * 0.501


@pytest.mark.parametrize("shape", [(100, 6, 5, 3), (300, 120, 3, 3)])
def test_tiles_show_the_strongest_channel(shape: tuple[int, ...]) -> None:
    array = normal(*shape)
    picture = drawn(array, "tiles")
    assert (picture.layout, picture.height, picture.width, picture.total) == ("tiles", *shape[2:], shape[0])
    tiles = unpacked(picture)
    assert len(tiles) == len(set(picture.units)) == 64
    for tile, unit, channel in zip(tiles, picture.units, picture.channels, strict=True):
        assert channel == np.argmax((array[unit] ** 2).sum(axis=(1, 2)))
        assert np.abs(tile - array[unit, channel]).max() <= picture.scale / 127 * 0.501


def test_structure_comes_before_noise() -> None:
    array = normal(70, 2, 7, 7) * 0.5
    smooth = np.outer(np.hanning(9)[1:-1], np.hanning(9)[1:-1])
    array[33] = smooth * 0.5 / smooth.std()
    assert drawn(array, "tiles").units[0] == 33


def test_first_layer_in_colour() -> None:
    array = normal(20, 3, 4, 5)
    picture = drawn(array, "rgb")
    assert (picture.layout, picture.height, picture.width, picture.channels) == ("rgb", 4, 5, ())
    for tile, unit in zip(unpacked(picture), picture.units, strict=True):
        assert (
            np.abs(tile.reshape(4, 5, 3) - array[unit].transpose(1, 2, 0)).max()
            <= picture.scale / 127 * 0.501
        )


def test_transposed_and_three_dimensional_kernels() -> None:
    array = normal(6, 2, 3, 3)
    picture = drawn(array, "tiles", axis=1, groups=3)
    for tile, unit, channel in zip(unpacked(picture), picture.units, picture.channels, strict=True):
        group, out = divmod(unit, 2)
        assert np.abs(tile - array[group * 2 + channel, out]).max() <= picture.scale / 127 * 0.501
    solid = drawn(normal(5, 2, 3, 4, 6), "tiles")
    assert (solid.layout, solid.height, solid.width, len(solid.units)) == ("tiles", 4, 6, 5)


@pytest.mark.parametrize("shape", [(90, 1, 512, 1), (90, 4, 30), (3, 2, 2000)])
def test_one_dimensional_kernels_are_lines(shape: tuple[int, ...]) -> None:
    array = normal(*shape)
    picture = drawn(array, "tiles")
    length = max(shape[2:])
    assert (picture.layout, picture.height, picture.width) == (
        "matrix",
        min(64, shape[0]),
        min(length, 512),
    )
    line = array[picture.units[0], picture.channels[0]].reshape(-1).astype(np.float64)
    bounds = np.arange(picture.width + 1) * length // picture.width
    expected = [line[a:b].mean() for a, b in pairwise(bounds)]
    assert np.abs(unpacked(picture)[0, 0] - expected).max() <= picture.scale / 127 * 0.501


def test_values_that_are_not_finite_do_not_spread() -> None:
    array = normal(10, 10)
    array[3, 4] = np.nan
    array[5, 6] = -np.inf
    cells = unpacked(drawn(array, "matrix"))[0]
    assert cells[3, 4] == cells[5, 6] == 0
    assert np.isfinite(cells).all()
    kernels = normal(4, 1, 3, 3)
    kernels[2, 0, 1, 1] = np.nan
    assert np.isfinite(drawn(kernels, "tiles").scale)


def test_all_zero_is_drawn_as_zero() -> None:
    picture = drawn(np.zeros((4, 5), np.float32), "matrix")
    assert picture.scale == 0
    assert not unpacked(picture).any()
