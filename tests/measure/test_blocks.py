"""The cut into boxes: every value once, in order, with the unit and place it belongs to."""

import itertools

import numpy as np
import pytest

from pthreport.measure.blocks import layout

CASES = [
    ((7, 5), None, 1, (0, 1)),
    ((7, 5), 0, 1, (0, 1)),
    ((7, 5), 0, 1, (1, 0)),
    ((6, 4, 3, 2), 0, 1, (0, 1, 2, 3)),
    ((6, 4, 3, 2), 0, 1, (0, 2, 3, 1)),
    ((6, 4, 3, 2), 0, 1, (3, 2, 1, 0)),
    ((6, 4, 3, 2), 1, 1, (0, 1, 2, 3)),
    ((8, 2, 3, 3), 1, 2, (0, 1, 2, 3)),
    ((8, 2, 3, 3), 1, 4, (1, 0, 2, 3)),
    ((8, 2, 3, 3), 1, 8, (2, 3, 0, 1)),
    ((5, 1, 1), 0, 1, (0, 1, 2)),
    ((1, 9), 0, 1, (0, 1)),
    ((), None, 1, ()),
    ((3,), None, 1, (0,)),
]


@pytest.mark.parametrize("block", [1, 4, 6, 16, 1000])
@pytest.mark.parametrize(("shape", "axis", "groups", "order"), CASES)
def test_boxes_hold_every_value_once_under_its_unit(
    shape: tuple[int, ...], axis: int | None, groups: int, order: tuple[int, ...], block: int
) -> None:
    values = np.arange(int(np.prod(shape))).reshape(shape)
    stream = values.transpose(order).reshape(-1)
    cut = layout(shape, order, axis, groups, block)
    table = np.full((cut.units, cut.places), -1)
    position = 0
    for number in range(cut.boxes):
        box = cut.box(number)
        assert box.start == position
        assert box.stop - box.start <= max(block, 1)
        position = box.stop
        matrix = box.matrix(stream[box.start : box.stop])
        rows = slice(box.first_unit, box.first_unit + matrix.shape[0])
        columns = slice(box.first_place, box.first_place + matrix.shape[1])
        assert (table[rows, columns] == -1).all()
        table[rows, columns] = matrix
    assert position == values.size
    found = cut.logical(table)
    expected = by_unit(values, axis, groups)
    assert found.shape == expected.shape
    assert [sorted(row) for row in found.tolist()] == [sorted(row) for row in expected.tolist()]


def by_unit(
    values: np.ndarray[tuple[int, ...], np.dtype[np.int64]], axis: int | None, groups: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    if axis is None:
        return values.reshape(1, -1)
    if axis == 1 and groups > 1:
        step = values.shape[0] // groups
        pairs = itertools.product(range(groups), range(values.shape[1]))
        return np.stack([values[g * step : (g + 1) * step, j].reshape(-1) for g, j in pairs])
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def test_empty_tensors_have_no_boxes() -> None:
    assert layout((0, 4), (0, 1), 0).boxes == 0
    assert layout((4, 0), (0, 1), 0).boxes == 0


def test_boxes_are_of_even_size() -> None:
    cut = layout((1000, 300), (0, 1), 0, block=65536)
    sizes = {cut.box(n).stop - cut.box(n).start for n in range(cut.boxes)}
    assert max(sizes) - min(sizes) < 300 * cut.boxes
    assert min(sizes) > 65536 // 2
