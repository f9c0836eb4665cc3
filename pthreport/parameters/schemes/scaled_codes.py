"""Weights of 8-bit floats or integers (or 4-bit floats of a type of their own) and their scales: per tensor, per
channel, per group of inputs, or per block of both.

value = code * scale, also where the scale's name says "inv" (it is the inverse of what the weight was
multiplied by). Written by transformers and vLLM (`weight_scale_inv`: DeepSeek-V3's 128 x 128 blocks),
compressed-tensors, ModelOpt, fbgemm, gpt-fast, ComfyUI and by hand. Powers of two (e8m0) that each serve 32
inputs make it a microscaling format (MXFP8, MXFP4).
"""

from math import prod

from pthreport.checkpoint import Tensor
from pthreport.parameters.codes import Float8, Whole
from pthreport.parameters.matrix import Matrix, Plane, Transposed, floats, in_c_order
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Nested, Operation, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

# The scale's ending, and where its codes may be.
_CODES = {
    "_scale_inv": ("",),
    "_scale": ("",),
    "_scales": ("",),
    ".scale": ("", ".weight", ".qweight"),
    ".scales": (".weight",),
    ".scale_weight": (".weight",),
}
_ZERO_POINTS = {"_scale": "_zero_point", ".scale": ".zero_point", ".scales": ".zeros"}
_OF_ACTIVATIONS = (
    "input_scale",
    "output_scale",
    "input_zero_point",
    "input_scale_ub",
    "scale_input",
    "act_scale",
)
_LABELS = {
    "int8": "int8",
    "float8_e4m3fn": "FP8 (E4M3)",
    "float8_e5m2": "FP8 (E5M2)",
    "float8_e4m3fnuz": "FP8 (E4M3, fnuz)",
    "float8_e5m2fnuz": "FP8 (E5M2, fnuz)",
    "F4": "FP4 (E2M1)",
}
_EXPONENTS = ("float8_e8m0fnu", "uint8")
_BLOCKS = (16, 32, 64, 128, 256, 512)
"""Sizes of blocks that are in use, where the configuration names none."""
MICROSCALING = 32
"""Values that share a scale in the microscaling formats."""


def _find(site: Site) -> Outcome:
    scales = site.tensor
    if scales.dtype.name not in (*FLOATS, *_EXPONENTS):
        return None
    ending = next(
        (
            e
            for e in _CODES[site.ending]
            if (t := site.get(e)) is not None and t.dtype.name in _LABELS and t.shape
        ),
        None,
    )
    codes = None if ending is None else site.get(ending)
    if codes is None or ending is None:
        return None
    zeros_ending = _ZERO_POINTS.get(site.ending, site.ending)
    zeros = site.get(zeros_ending) if zeros_ending != site.ending else None
    members: list[tuple[str, MemberRole]] = [(ending, "codes"), (site.ending, "scales")]
    if zeros is not None and zeros.dtype.kind == "int" and zeros.dtype.itemsize == 1:
        members.append((zeros_ending, "zero points"))
    else:
        zeros = None
    where = "<." if ending == "" and not site.ending.startswith(".") else "."
    members += [(f"{where}{name}", "activation scale") for name in _OF_ACTIVATIONS]
    group = Group(site, "scaled-codes", tuple(members))
    blocks = _blocks(codes.shape, scales.shape, site.settings.numbers("weight_block_size"))
    if blocks is None or (zeros is not None and zeros.shape != scales.shape):
        shapes = f"{_text(scales.shape)} for codes of {_text(codes.shape)}"
        return group.inconsistent(f"its scales have the shape {shapes}, which no blocks fit")
    size = blocks[-1] if scales.numel > 1 and blocks[-1] < codes.shape[-1] else None
    exponents = scales.dtype.name in _EXPONENTS
    if (
        exponents
        and scales.dtype.name == "uint8"
        and (size, codes.dtype.name != "int8") != (MICROSCALING, True)
    ):
        return None  # bytes are exponents in the microscaling formats only
    name = codes.dtype.name
    bits = 4 if name == "F4" else 8
    label = _label(name, blocks, codes.shape, exponents and size == MICROSCALING)
    decoder = _decoder(codes, scales, zeros, blocks)
    return group.parameter(
        label,
        codes.shape,
        bits,
        decoder=decoder,
        undecoded=None if decoder else "codes and scales are stored in different orders of dimensions",
        order=codes.order,
        leaf=_leaf(site, ending),
        group=size,
    )


def _leaf(site: Site, ending: str) -> str:
    """What the parameter's name ends with: codes named "qweight" stand for a weight, or lie below one."""
    if ending != ".qweight":
        return ending
    return "" if "weight" in site.stem.rpartition(".")[2] else ".weight"


def _blocks(
    codes: tuple[int, ...], scales: tuple[int, ...], stated: tuple[int, ...]
) -> tuple[int, ...] | None:
    """How many codes along each dim share a scale; None where the shapes do not say it."""
    if 0 in codes:
        return None
    if prod(scales) == 1:
        return codes
    if len(scales) < len(codes) and scales == codes[: len(scales)]:
        scales = (*scales, *([1] * (len(codes) - len(scales))))
    if len(scales) != len(codes):
        return None
    found = []
    for dim, (size, count) in enumerate(zip(codes, scales, strict=True)):
        if count == size:
            found.append(1)
        elif count == 1:
            found.append(size)
        else:
            wanted = stated[dim - len(codes)] if len(stated) >= len(codes) - dim else 0
            sizes = (wanted,) if wanted and -(-size // wanted) == count else _BLOCKS
            possible = [block for block in sizes if -(-size // block) == count]
            if not possible and count and size % count == 0:
                possible = [size // count]
            if len(possible) != 1:
                return None
            found.append(possible[0])
    return tuple(found)


def _decoder(codes: Tensor, scales: Tensor, zeros: Tensor | None, blocks: tuple[int, ...]) -> Matrix | None:
    """Codes in reading order under their scales; None where the scales cannot be brought into that order."""
    order = codes.order
    counts = tuple(-(-size // block) for size, block in zip(codes.shape, blocks, strict=True))
    turned = not in_c_order(codes) and sum(count > 1 for count in counts) > 1
    if turned and len(codes.shape) > 2:
        return None
    sizes = tuple(codes.shape[dim] for dim in order)
    spans = tuple(blocks[dim] for dim in order)
    by_row = (
        Nested(sizes[:-1], spans[:-1]) if len(sizes) > 2 else Blocks(spans[0] if len(sizes) == 2 else 1)
    )
    by_column = Blocks(spans[-1])
    width = sizes[-1]

    def grid(tensor: Tensor) -> Grid:
        across = -(-sizes[-1] // spans[-1])
        if turned:
            return Grid(Transposed(floats(tensor, counts[-1])), by_row, by_column)
        return Grid(_numbers(tensor, across), by_row, by_column)

    steps: list[tuple[Operation, Grid]] = [] if zeros is None else [("subtract", grid(zeros))]
    name = codes.dtype.name
    table = Float8(name) if name.startswith("float8") else None
    plane = Plane(codes, codes.numel // width, width, as_stored=True)
    return Scaled(Whole(plane, table), [*steps, ("multiply", grid(scales))])


def _numbers(tensor: Tensor, columns: int) -> Matrix:
    return Whole(floats(tensor, columns).plane) if tensor.dtype.name == "int8" else floats(tensor, columns)


def _label(name: str, blocks: tuple[int, ...], shape: tuple[int, ...], microscaling: bool) -> str:
    if microscaling:
        return "MXFP4" if name == "F4" else "MXFP8"
    label = _LABELS[name]
    if len(shape) > 1 and 1 < blocks[-1] < shape[-1] and blocks[-2] > 1:
        return f"{label}, {blocks[-2]} x {blocks[-1]} blocks"
    return label


def _text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


SCHEME = Scheme(
    id="scaled-codes",
    title="8-bit codes with scales",
    anchors=tuple(_CODES),
    layout="weight float8, int8 or F4 (..., out, in); scale (), (out), (out, 1), (ceil out/b, ceil in/b) or (out, in/group)",
    reference="https://arxiv.org/abs/2209.05433, OCP Microscaling Formats 1.0",
    find=_find,
)
