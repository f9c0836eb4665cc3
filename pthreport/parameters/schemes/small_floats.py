"""4- and 6-bit floats packed into bytes with a scale for every 16 or 32 inputs: NVFP4, MXFP4, MXFP6.

NVFP4 has scales in e4m3 for groups of 16 and one more for the whole tensor, which multiplies where
ModelOpt wrote it (`weight_scale_2`) and divides where compressed-tensors did (`weight_global_scale`). The
microscaling formats have powers of two (e8m0, mostly as plain bytes) for groups of 32.
"""

from math import prod

from pthreport.checkpoint import Tensor
from pthreport.parameters.codes import Float8, Packed, Stream, Whole, e2m1, e2m3
from pthreport.parameters.matrix import Matrix, column, floats, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Operation, Scaled
from pthreport.parameters.scheme import Group, Outcome, Scheme, Site

NVFP4_GROUP, MX_GROUP = 16, 32
_PACKED: tuple[tuple[str, MemberRole], ...] = (
    ("_packed", "codes"),
    ("_scale", "scales"),
    ("_global_scale", "scales of scales"),
    ("<.input_global_scale", "activation scale"),
)
_MODELOPT: tuple[tuple[str, MemberRole], ...] = (
    ("", "codes"),
    ("_scale", "scales"),
    ("_scale_2", "scales of scales"),
    ("<.input_scale", "activation scale"),
)


def _find(site: Site) -> Outcome:
    modelopt = site.ending == "_scale_2"
    codes = site.get("") if modelopt else site.tensor
    scales = site.get("_scale")
    if codes is None or scales is None or codes.dtype.name != "uint8" or len(codes.shape) < 2:
        return None
    group = Group(site, "small-floats", _MODELOPT if modelopt else _PACKED)
    lead, octets = codes.shape[:-1], codes.shape[-1]
    if scales.dtype.name == "float8_e4m3fn":
        second = site.get("_scale_2" if modelopt else "_global_scale")
        shape = (*lead, 2 * octets)
        if second is None or second.dtype.kind != "float" or second.numel not in (1, lead[0]):
            return group.inconsistent("the one scale of its scales is missing or not one")
        if scales.shape != (*lead, 2 * octets // NVFP4_GROUP) or 2 * octets % NVFP4_GROUP:
            return group.inconsistent("its scales are not one for each 16 inputs")
        operation: Operation = "multiply" if modelopt else "divide"
        rows = 1 if second.numel == 1 else prod(lead[1:])
        by_row = Blocks(prod(lead)) if second.numel == 1 else Blocks(rows)
        small = Scaled(
            Whole(plane(scales), Float8("float8_e4m3fn")),
            [(operation, Grid(column(second), by_row))],
        )
        return _parameter(group, "NVFP4", shape, codes, small, 4, NVFP4_GROUP, modelopt)
    if scales.dtype.name not in ("uint8", "float8_e8m0fnu") or modelopt:
        return None
    for bits in (4, 6):
        inputs = octets * 8 // bits
        if inputs * bits == octets * 8 and scales.shape == (*lead, -(-inputs // MX_GROUP)):
            return _parameter(
                group, f"MXFP{bits}", (*lead, inputs), codes, floats(scales), bits, MX_GROUP, modelopt
            )
    return group.inconsistent("its scales are not one for each 32 inputs")


def _parameter(
    group: Group,
    label: str,
    shape: tuple[int, ...],
    codes: Tensor,
    scales: Matrix,
    bits: int,
    size: int,
    modelopt: bool,
) -> Outcome:
    source = plane(codes)
    unpacked = (
        Packed(source, 4, shape[-1], table=e2m1) if bits == 4 else Stream(source, 6, shape[-1], table=e2m3)
    )
    return group.parameter(
        label,
        shape,
        bits,
        decoder=Scaled(unpacked, [("multiply", Grid(scales, by_column=Blocks(size)))]),
        leaf="",
        group=size,
        notes=("the scale of the scales multiplies, as ModelOpt writes it",) if modelopt else (),
    )


SCHEME = Scheme(
    id="small-floats",
    title="NVFP4, MXFP4, MXFP6",
    anchors=("_scale_2", "_packed"),
    layout="weight or weight_packed uint8 (out, in bits/8), weight_scale e4m3 (out, in/16) or e8m0 (out, in/32), weight_scale_2 or weight_global_scale ()",
    reference="OCP Microscaling Formats 1.0; https://docs.nvidia.com/cuda/cublas/#d-block-scaling-for-fp8-and-fp4-data-types",
    find=_find,
)
