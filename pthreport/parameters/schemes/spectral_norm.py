"""Spectral normalisation: weight = W / (u W v), the vectors of the last power iteration kept beside W.

Old: NAME_orig, NAME_u, NAME_v; new: parametrizations.NAME.original, .0._u, .0._v. W is taken as a matrix whose rows
are the dim that u runs along: the outputs (dim 1 of a transposed convolution, where the sizes say so).
"""

import threading

import numpy as np

from pthreport.checkpoint import ReadError, Tensor
from pthreport.parameters.matrix import SCAN, Array, Plane
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site


class Divided:
    """W by its spectral norm, in one row in the reading order of W."""

    row_step = column_step = 1

    def __init__(self, weight: Tensor, left: Tensor, right: Tensor, axis: int) -> None:
        self._weight, self._left, self._right, self._axis = weight, left, right, axis
        self.rows, self.columns = 1, weight.numel
        self._plane = Plane(weight, 1, weight.numel, as_stored=True)
        self._norm: float | None = None
        self._turn = threading.Lock()

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, shape (1, right - left)."""
        values = self._numbers(left, right)
        with np.errstate(all="ignore"):
            values /= values.dtype.type(self._sigma())
        return values.reshape(1, -1)

    def _numbers(self, left: int, right: int) -> Array:
        values = self._weight.dtype.decode(self._plane.block(0, 1, left, right)[0])
        return values.astype(np.float64 if values.dtype == np.float64 else np.float32)

    def _sigma(self) -> float:
        with self._turn:
            if self._norm is None:
                weight, axis = self._weight, self._axis
                rows = self._left.numpy().astype(np.float64).reshape(-1)
                columns = self._right.numpy().astype(np.float64).reshape(-1)
                # The product of both vectors at each place, in reading order.
                others = [dim for dim in range(len(weight.shape)) if dim != axis]
                sizes = [weight.shape[dim] for dim in others]
                total = 0.0
                for start in range(0, weight.numel, SCAN):
                    stop = min(start + SCAN, weight.numel)
                    index = np.unravel_index(np.arange(start, stop), weight.read_shape)
                    by_dim = dict(zip(weight.order, index, strict=True))
                    flat = (
                        np.ravel_multi_index(tuple(by_dim[dim] for dim in others), sizes) if others else 0
                    )
                    with np.errstate(all="ignore"):
                        total += float(
                            np.sum(self._numbers(start, stop) * rows[by_dim[axis]] * columns[flat])
                        )
                self._norm = total
            if self._norm == 0 or self._norm != self._norm:
                raise ReadError(f"its spectral norm is {self._norm:g}")
            return self._norm


def _find(site: Site) -> Outcome:
    old = site.ending == "_u"
    endings = ("_orig", "_u", "_v") if old else (".original", ".0._u", ".0._v")
    weight, left, right = (site.get(ending) for ending in endings)
    if weight is None or left is None or weight.dtype.name not in FLOATS or left.dtype.name not in FLOATS:
        return None
    if len(left.shape) != 1 or len(weight.shape) < 2 or not weight.numel or left.numel not in weight.shape:
        return None
    group = Group(
        site,
        "spectral-norm",
        ((endings[0], "values"), (endings[1], "singular vectors"), (endings[2], "singular vectors")),
    )
    label = f"{weight.dtype.name}, spectral norm"
    bits = 8 * weight.dtype.itemsize
    if right is None:
        return group.parameter(
            label,
            weight.shape,
            bits,
            undecoded="its second singular vector was not saved",
            leaf="",
            kind="reparametrised",
        )
    axes = [dim for dim in (0, 1) if weight.shape[dim] == left.numel]
    if right.dtype.name not in FLOATS or right.shape != (weight.numel // left.numel,) or not axes:
        return group.inconsistent("its singular vectors have other sizes than its matrix")
    return group.parameter(
        label,
        weight.shape,
        bits,
        decoder=Divided(weight, left, right, axes[0]),
        order=weight.order,
        leaf="",
        kind="reparametrised",
        wide=weight.dtype.name == "float64",
        notes=("normalised along its first dim: both have one size",)
        if len(axes) > 1 and len(weight.shape) > 2
        else (),
    )


SCHEME = Scheme(
    id="spectral-norm",
    title="spectral normalisation",
    anchors=("_u", ".original"),
    layout="weight_orig (out, ...), weight_u (out), weight_v (rest), or parametrizations.weight.original, .0._u, .0._v",
    reference="https://arxiv.org/abs/1802.05957",
    find=_find,
)
