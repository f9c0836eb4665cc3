"""torch.nn.utils.prune: a weight and its mask, weight = NAME_orig NAME_mask."""

import numpy as np

from pthreport.checkpoint import Tensor
from pthreport.parameters.matrix import Array, Plane
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site


class Masked:
    """Weight times mask, in one row in the reading order of both."""

    rows = row_step = column_step = 1

    def __init__(self, weight: Tensor, mask: Tensor) -> None:
        self._weight, self._mask = weight, mask
        self.columns = weight.numel
        self._planes = [Plane(one, 1, one.numel, as_stored=True) for one in (weight, mask)]

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, shape (1, right - left)."""
        weight, mask = (plane.tensor.dtype.decode(plane.block(0, 1, left, right)) for plane in self._planes)
        kind = np.float64 if weight.dtype == np.float64 else np.float32
        with np.errstate(all="ignore"):
            return np.multiply(weight, mask, dtype=kind)


def _find(site: Site) -> Outcome:
    mask, weight = site.tensor, site.get("_orig")
    if weight is None or weight.dtype.name not in FLOATS or not weight.numel:
        return None
    if mask.dtype.name not in (*FLOATS, "bool", "uint8"):
        return None
    group = Group(site, "pruned", (("_orig", "values"), ("_mask", "mask")))
    if mask.shape != weight.shape:
        return group.inconsistent("its mask has another shape")
    same = mask.order == weight.order
    return group.parameter(
        f"{weight.dtype.name}, pruned",
        weight.shape,
        8 * weight.dtype.itemsize,
        decoder=Masked(weight, mask) if same else None,
        undecoded=None if same else "weight and mask are stored in different orders of dimensions",
        order=weight.order,
        leaf="",
        kind="masked",
        wide=weight.dtype.name == "float64",
    )


SCHEME = Scheme(
    id="pruned",
    title="pruning masks",
    anchors=("_mask",),
    layout="NAME_orig and NAME_mask of one shape",
    reference="https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html",
    find=_find,
)
