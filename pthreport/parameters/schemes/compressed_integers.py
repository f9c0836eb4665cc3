"""compressed-tensors "pack-quantized": integers of 1 to 8 bits as one dense stream of bits through the words of a row.

Codes and packed zero points are stored with an offset of 2^(bits - 1), which cancels between them. Zero
points are packed down the outputs; `g_idx` names the group of each input.
"""

from math import prod

from pthreport.checkpoint import Tensor
from pthreport.parameters.codes import Packed, Stream
from pthreport.parameters.matrix import Matrix, floats, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Index, Operation, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

_MEMBERS: tuple[tuple[str, MemberRole], ...] = (
    ("_packed", "codes"),
    ("_scale", "scales"),
    ("_zero_point", "zero points"),
    ("_g_idx", "group index"),
    ("_shape", "settings"),
)


def _find(site: Site) -> Outcome:
    codes, scales, sizes = site.tensor, site.get("_scale"), site.get("_shape")
    if codes.dtype.name != "int32" or len(codes.shape) < 2 or scales is None or sizes is None:
        return None
    if scales.dtype.name not in FLOATS or sizes.dtype.name not in ("int32", "int64"):
        return None
    group = Group(site, "compressed-integers", _MEMBERS)
    shape = _shape(sizes, codes.shape)
    if shape is None:
        return group.inconsistent("its stated shape does not fit its codes")
    outputs, inputs = shape[-2:]
    bits = _bits(site, inputs, codes.shape[-1])
    if bits is None:
        return group.inconsistent(
            f"{codes.shape[-1]:,} words for {inputs:,} inputs fit no one number of bits"
        )
    per_tensor = scales.numel == 1
    groups = 1 if per_tensor else scales.shape[-1]
    if not per_tensor and (scales.shape[:-1] != shape[:-1] or not 0 < groups <= inputs):
        return group.inconsistent("its scales are not by output and group of inputs")
    size = -(-inputs // groups)
    index = site.get("_g_idx")
    if index is not None and (index.shape != (inputs,) or index.dtype.kind != "int"):
        return group.inconsistent(f"its g_idx has not one group for each of {inputs:,} inputs")
    if index is None and -(-inputs // size) != groups:
        return group.inconsistent(f"{groups:,} groups do not divide {inputs:,} inputs")
    by_column = Blocks(size) if index is None else Index(plane(index, inputs), groups)
    by_row = Blocks(codes.numel) if per_tensor else Blocks()
    zeros = site.get("_zero_point")
    steps: list[tuple[Operation, Grid | float]] = [("subtract", float(1 << (bits - 1)))]
    if zeros is not None:
        terms = _zero_points(zeros, bits, outputs, scales)
        if terms is None or len(shape) > 2:
            return group.inconsistent("its zero points do not fit its scales")
        steps = [("subtract", Grid(terms, by_row, by_column))]
        if zeros.dtype.name != "int32":
            steps.append(("subtract", float(1 << (bits - 1))))
    steps.append(("multiply", Grid(floats(scales, groups), by_row, by_column)))
    source = plane(codes)
    unpacked = Packed(source, bits, inputs) if bits in (1, 2, 4, 8) else Stream(source, bits, inputs)
    return group.parameter(
        f"int{bits}",
        shape,
        bits,
        decoder=Scaled(unpacked, steps),
        leaf="",
        group=size if groups > 1 else None,
    )


def _shape(sizes: Tensor, packed: tuple[int, ...]) -> tuple[int, ...] | None:
    if not 2 <= sizes.numel <= 8 or len(sizes.shape) != 1:
        return None
    shape = tuple(int(size) for size in sizes.numpy())
    if len(shape) != len(packed) or shape[:-1] != packed[:-1] or min(shape) < 1 or prod(shape) > 1 << 62:
        return None
    return shape


def _bits(site: Site, inputs: int, words: int) -> int | None:
    possible = [bits for bits in range(1, 9) if -(-inputs * bits // 32) == words]
    stated = site.settings.weight_bits
    if stated in possible:
        return stated
    return possible[0] if len(possible) == 1 else None


def _zero_points(zeros: Tensor, bits: int, outputs: int, scales: Tensor) -> Matrix | None:
    if zeros.dtype.name == "int8":
        return plane(zeros) if zeros.shape == scales.shape else None
    if zeros.dtype.name != "int32" or len(scales.shape) != 2:
        return None
    if zeros.shape != (-(-outputs * bits // 32), scales.shape[1]):
        return None
    return Stream(plane(zeros), bits, outputs, down=True)


SCHEME = Scheme(
    id="compressed-integers",
    title="compressed-tensors, packed integers",
    anchors=("_packed",),
    layout="weight_packed int32 (out, ceil in bits/32), weight_scale (out, groups), weight_zero_point, weight_g_idx, weight_shape (2)",
    reference="https://github.com/vllm-project/compressed-tensors",
    find=_find,
)
