"""HQQ: codes of 1 to 8 bits in groups, with scales and zero points that are not integers.

The weight is reshaped to groups in rows (axis 1) or in columns (axis 0); the parts of the rows are laid over
each other in the bits of bytes, or, for 3 bits, of 32-bit words. Shape, bits and axis are kept beside it, as
values or as small tensors of their bytes.
"""

from math import prod

from pthreport.checkpoint import Record, Tensor
from pthreport.parameters.codes import Stacked, Whole
from pthreport.parameters.matrix import Matrix, floats, plane
from pthreport.parameters.scaled import Blocks, Grid, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

_SHIFTS = {
    4: (4, 0),
    2: (6, 4, 2, 0),
    1: (7, 6, 5, 4, 3, 2, 1, 0),
    3: (27, 24, 21, 18, 15, 12, 9, 6, 3, 0),
}
"""Where the first, second, ... part of the rows lies in a byte or word, by bits."""
_SETTINGS = (
    "nbits group_size shape axis packing unpack_view_dtype view_as_float quant_scale quant_zero compute_dtype "
    "offload_meta encoded_state_dict stores_quant_config channel_wise optimize round_zero"
).split()


def _find(site: Site) -> Outcome:
    codes, scales, zeros = site.tensor, site.get(".scale"), site.get(".zero")
    bits, shape = _number(site, ".nbits"), _sizes(site)
    if scales is None or zeros is None or bits is None or shape is None:
        return None
    if scales.dtype.name not in FLOATS or zeros.dtype.name not in FLOATS:
        return None
    group = Group(
        site,
        "hqq",
        (
            (".W_q", "codes"),
            (".scale", "scales"),
            (".zero", "zero points"),
            *((f".{name}", "settings") for name in _SETTINGS),
        ),
    )
    numel, axis = prod(shape), _number(site, ".axis")
    label = f"HQQ, {bits}-bit"
    if _number(site, ".view_as_float"):
        return group.parameter(label, shape, bits, undecoded="its codes are kept as floats")
    along = scales.numel
    if bits not in (8, *_SHIFTS) or axis not in (0, 1) or not along or numel % along:
        return group.inconsistent("its bits, axis or scales do not fit its shape")
    rows, columns = (along, numel // along) if axis == 1 else (numel // along, along)
    parts = 8 if bits == 8 else len(_SHIFTS[bits])
    expected = "int32" if bits == 3 else "uint8"
    height = rows if bits == 8 else -(-rows // parts)
    if codes.dtype.name != expected or codes.shape != (height, columns) or zeros.numel != along:
        return group.inconsistent(
            f"its codes or zero points do not fit {rows:,} x {columns:,} values of {bits} bits"
        )
    source = plane(codes)
    unpacked: Matrix = Whole(source) if bits == 8 else Stacked(source, bits, rows, _SHIFTS[bits])
    by_row, by_column = (Blocks(), Blocks(columns)) if axis == 1 else (Blocks(rows), Blocks())
    width = 1 if axis == 1 else along
    return group.parameter(
        label,
        shape,
        bits,
        decoder=Scaled(
            unpacked,
            [
                ("subtract", Grid(floats(zeros, width), by_row, by_column)),
                ("multiply", Grid(floats(scales, width), by_row, by_column)),
            ],
        ),
        group=columns if axis == 1 else rows,
    )


def _number(site: Site, ending: str) -> int | None:
    """A whole number that is kept as a value or as a tensor of one."""
    tensor = site.get(ending)
    if tensor is not None:
        return (
            int(tensor.numpy().reshape(-1)[0]) if tensor.numel == 1 and tensor.dtype.kind == "int" else None
        )
    value = site.value(ending)
    return int(value) if isinstance(value, int) and abs(value) < 1 << 31 else None


def _sizes(site: Site) -> tuple[int, ...] | None:
    tensor = site.get(".shape")
    if isinstance(tensor, Tensor):
        found = tuple(int(size) for size in tensor.numpy().reshape(-1)) if 0 < tensor.numel <= 8 else ()
    else:
        value = site.value(".shape")
        if isinstance(value, Record) and value.name == "Size" and len(value.args) == 1:
            value = value.args[0]
        found = tuple(value) if isinstance(value, list | tuple) and 0 < len(value) <= 8 else ()
    if not found or not all(type(size) is int and size > 0 for size in found) or prod(found) > 1 << 62:
        return None
    return found


SCHEME = Scheme(
    id="hqq",
    title="HQQ",
    anchors=(".W_q",),
    layout="W_q uint8 or int32, scale and zero (groups, 1) or (1, groups), nbits, axis, shape",
    reference="https://mobiusml.github.io/hqq_blog/",
    find=_find,
)
