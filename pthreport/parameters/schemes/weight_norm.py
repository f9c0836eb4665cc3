"""Weight normalisation: a direction v and a magnitude g, weight = g v / ‖v‖ (Salimans and Kingma 2016).

Old: NAME_g, NAME_v; new: parametrizations.NAME.original0 (g), original1 (v). The norm goes over all dims but the
one in which g has more than one value. It is taken once, in float64, from a pass over v.
"""

import threading
from math import prod

import numpy as np

from pthreport.checkpoint import Tensor
from pthreport.parameters.matrix import SCAN, Array, Plane
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site


class Normalised:
    """g v / ‖v‖ in the reading order of v: shape before the axis of g times the rest."""

    row_step = column_step = 1

    def __init__(self, magnitude: Tensor, direction: Tensor, axis: int | None) -> None:
        self._magnitude, self._direction = magnitude, direction
        sizes = direction.read_shape
        place = 0 if axis is None else direction.order.index(axis)
        self._units = 1 if axis is None else sizes[place]
        self._inner = prod(sizes) if axis is None else prod(sizes[place + 1 :])
        self.rows = 1
        self.columns = prod(sizes)
        self._plane = Plane(direction, self.rows, self.columns, as_stored=True)
        self._factors: Array | None = None
        self._turn = threading.Lock()

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, shape (1, right - left)."""
        values = self._numbers(left, right)
        with np.errstate(all="ignore"):
            values *= self._spread(self._factor(), left, right)
        return values.reshape(1, -1)

    def _numbers(self, left: int, right: int) -> Array:
        raw = self._plane.block(0, 1, left, right)[0]
        values = self._direction.dtype.decode(raw)
        return values.astype(np.float64 if values.dtype == np.float64 else np.float32)

    def _spread(self, by_unit: Array, left: int, right: int) -> Array:
        """The factor of each value from `left` to `right`."""
        if self._units == 1:
            return by_unit
        first, last = left // self._inner, -(-right // self._inner)
        spread = np.repeat(np.take(by_unit, np.arange(first, last) % self._units), self._inner)
        return spread[left - first * self._inner : right - first * self._inner]

    def _factor(self) -> Array:
        with self._turn:
            if self._factors is None:
                squares = np.zeros(self._units)
                for left in range(0, self.columns, SCAN):
                    right = min(left + SCAN, self.columns)
                    self._add(squares, self._numbers(left, right).astype(np.float64) ** 2, left, right)
                magnitude = self._magnitude.numpy().reshape(-1).astype(np.float64)
                with np.errstate(all="ignore"):
                    factors = magnitude / np.sqrt(squares)
                wide = self._direction.dtype.name == "float64"
                self._factors = factors.astype(np.float64 if wide else np.float32)
            return self._factors

    def _add(self, squares: Array, values: Array, left: int, right: int) -> None:
        first, last = left // self._inner, -(-right // self._inner)
        begins = np.maximum(np.arange(first, last) * self._inner - left, 0)
        np.add.at(squares, np.arange(first, last) % self._units, np.add.reduceat(values, begins))


def _find(site: Site) -> Outcome:
    old = site.ending == "_g"
    direction_ending = "_v" if old else ".original1"
    magnitude, direction = site.tensor, site.get(direction_ending)
    if (
        direction is None
        or magnitude.dtype.name not in FLOATS
        or direction.dtype.name != magnitude.dtype.name
    ):
        return None
    group = Group(site, "weight-norm", ((site.ending, "magnitude"), (direction_ending, "direction")))
    axis: int | None = None
    if magnitude.numel == 1 and len(magnitude.shape) <= 1:
        if old and not site.stem.endswith(".weight"):
            return None  # a scalar and a tensor: the names alone say little
    else:
        axes = [dim for dim, size in enumerate(magnitude.shape) if size != 1]
        if len(magnitude.shape) != len(direction.shape) or len(axes) > 1:
            return None
        axis = axes[0] if axes else 0
        if magnitude.shape[axis] != direction.shape[axis]:
            named = site.stem.endswith(".weight") or not old
            return group.inconsistent("magnitude and direction have different sizes") if named else None
    if not direction.numel or (not old and ".parametrizations." not in site.stem):
        return None
    return group.parameter(
        f"{magnitude.dtype.name}, weight norm",
        direction.shape,
        8 * direction.dtype.itemsize,
        decoder=Normalised(magnitude, direction, axis),
        order=direction.order,
        leaf="",
        kind="reparametrised",
        wide=direction.dtype.name == "float64",
    )


SCHEME = Scheme(
    id="weight-norm",
    title="weight normalisation",
    anchors=("_g", ".original0"),
    layout="weight_g (out, 1, ...) and weight_v (out, ...), or parametrizations.weight.original0 and original1",
    reference="https://arxiv.org/abs/1602.07868",
    find=_find,
)
