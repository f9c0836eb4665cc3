"""bitsandbytes NF4 and FP4: 4-bit codes of a code book, each block of values scaled by its largest magnitude.

The weight is stored as bytes in one column, whatever its shape; `quant_state` is JSON (as bytes) with the
shape, the block size and the type. With double quantisation the scales are themselves 8-bit codes with
scales and an offset.
"""

from math import prod

from pthreport.checkpoint import Value
from pthreport.parameters.codes import Book, Packed, Whole
from pthreport.parameters.matrix import Bytes, Matrix, flat
from pthreport.parameters.scaled import Blocks, Grid, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site
from pthreport.parameters.settings import json_in

STATE = ".quant_state.bitsandbytes__"
_LARGEST = 1 << 62


def _find(site: Site) -> Outcome:
    codes = site.get("")
    if codes is None:
        return None
    kind = site.ending.removeprefix(STATE)
    group = Group(
        site,
        "bitsandbytes-4bit",
        (
            ("", "codes"),
            (".absmax", "scales"),
            (".quant_map", "code book"),
            (".nested_absmax", "scales of scales"),
            (".nested_quant_map", "code book"),
            (site.ending, "settings"),
        ),
    )
    state = json_in(site.tensor)
    if not isinstance(state, dict):
        return group.inconsistent("its quant_state is no JSON")
    shape, block = _shape(state.get("shape")), state.get("blocksize")
    if shape is None or type(block) is not int or not 0 < block < 1 << 20:
        return group.inconsistent("its quant_state has no shape and block size")
    numel = prod(shape)
    scales, book = site.get(".absmax"), site.get(".quant_map")
    if scales is None or book is None:
        return group.inconsistent("its absmax or quant_map is missing")
    if codes.numel * codes.dtype.itemsize != -(-numel // 2):
        return group.inconsistent(
            f"its codes are not the {-(-numel // 2):,} bytes that {numel:,} values need"
        )
    if scales.numel != -(-numel // block) or book.numel != 16 or book.dtype.name not in FLOATS:
        return group.inconsistent(
            f"its scales or code book do not fit {numel:,} values in blocks of {block}"
        )
    nested = site.get(".nested_absmax")
    if nested is None:
        if scales.dtype.name not in FLOATS:
            return group.inconsistent("its scales are codes whose own scales are missing")
        factor: Matrix = flat(scales)
    else:
        second, size, offset = (
            site.get(".nested_quant_map"),
            state.get("nested_blocksize"),
            state.get("nested_offset"),
        )
        if (
            second is None
            or scales.dtype.name != "uint8"
            or (second.numel, second.dtype.name in FLOATS) != (256, True)
            or type(size) is not int
            or not 0 < size < 1 << 20
            or type(offset) is not float
            or nested.numel != -(-scales.numel // size)
        ):
            return group.inconsistent("the scales of its scales do not fit")
        factor = Scaled(
            Whole(Bytes(scales), Book(second)),
            [("multiply", Grid(flat(nested), by_column=Blocks(size))), ("add", offset)],
        )
    label = kind.upper()
    return group.parameter(
        f"{label} (double quantisation)" if nested is not None else label,
        shape,
        4,
        decoder=Scaled(
            Packed(Bytes(codes), 4, numel, high_first=True, table=Book(book)),
            [("multiply", Grid(factor, by_column=Blocks(block)))],
        ),
        leaf="",
        group=block,
    )


def _shape(value: Value) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not 0 < len(value) <= 8:
        return None
    if not all(type(one) is int and one > 0 for one in value) or prod(value) > _LARGEST:
        return None
    return tuple(value)


SCHEME = Scheme(
    id="bitsandbytes-4bit",
    title="bitsandbytes NF4 or FP4",
    anchors=(f"{STATE}nf4", f"{STATE}fp4"),
    layout="weight bytes (n/2, 1), absmax (blocks), quant_map (16), quant_state JSON; nested_absmax, nested_quant_map (256)",
    reference="https://arxiv.org/abs/2305.14314",
    find=_find,
)
