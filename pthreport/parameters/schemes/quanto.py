"""optimum-quanto: 8-bit codes with a scale an output, or 2 and 4 bits in groups with a scale and a shift each.

The parts of the rows of packed codes are laid over each other in the bits of bytes, the first in the low
ones. Where inputs are grouped, a row is a group; the file does not say how many make an output's weights.
"""

from math import prod

from pthreport.checkpoint import Tensor
from pthreport.parameters.codes import Float8, Stacked, Whole
from pthreport.parameters.matrix import Matrix, column, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Operation, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

PACKED = "._data._data"
_GROUPS = (128, 96, 64, 32)
"""Values of a group, the first that divides the inputs."""


def _find(site: Site) -> Outcome:
    codes, scales, shift = site.tensor, site.get("._scale"), site.get("._shift")
    if scales is None or scales.dtype.name not in FLOATS or not codes.shape:
        return None
    members: tuple[tuple[str, MemberRole], ...] = (
        (site.ending, "codes"),
        ("._scale", "scales"),
        ("._shift", "zero points"),
        ("<.input_scale", "activation scale"),
        ("<.output_scale", "activation scale"),
    )
    group = Group(site, "quanto", members)
    if site.ending != PACKED:
        return _bytes(group, codes, scales)
    rows = scales.numel
    if shift is None or codes.dtype.name != "uint8" or len(codes.shape) < 2:
        return None
    possible = [bits for bits in (4, 2) if codes.shape[0] == -(-rows * bits // 8)]
    if (
        scales.shape != (rows, *([1] * (len(codes.shape) - 1)))
        or shift.shape != scales.shape
        or not possible
    ):
        return group.inconsistent("its codes, scales and shifts have different rows")
    if len(possible) > 1:
        return group.inconsistent(f"{rows} rows in {codes.shape[0]} do not tell its bits")
    bits, width = possible[0], prod(codes.shape[1:])
    if not width:
        return group.inconsistent("its codes are empty")
    shape, notes = _shape(site, rows, width) if len(codes.shape) == 2 else ((rows, *codes.shape[1:]), ())
    steps: list[tuple[Operation, Grid]] = [("multiply", Grid(column(scales), Blocks(), Blocks(width)))]
    if shift.dtype.kind == "float":
        steps.append(("subtract", Grid(column(shift), Blocks(), Blocks(width))))
    else:
        whole: Matrix = plane(shift, 1)
        steps.insert(0, ("subtract", Grid(whole, Blocks(), Blocks(width))))
    shifts = tuple(range(0, 8, bits))
    return group.parameter(
        f"quanto qint{bits}",
        shape,
        bits,
        decoder=Scaled(Stacked(plane(codes, width), bits, rows, shifts), steps),
        leaf="",
        group=width if shape[0] != rows else None,
        notes=notes,
    )


def _bytes(group: Group, codes: Tensor, scales: Tensor) -> Outcome:
    name = codes.dtype.name
    if name != "int8" and not name.startswith("float8_e4m3") and name != "float8_e5m2":
        return None
    if scales.numel not in (1, codes.shape[0]):
        return group.inconsistent(f"it has not one scale for each of {codes.shape[0]:,} outputs")
    rows, width = codes.shape[0], codes.numel // codes.shape[0] if codes.shape[0] else 0
    by_row = Blocks(rows) if scales.numel == 1 else Blocks()
    table = None if name == "int8" else Float8(name)
    return group.parameter(
        "quanto qint8" if name == "int8" else f"quanto q{name}",
        codes.shape,
        8,
        decoder=Scaled(
            Whole(plane(codes, width), table), [("multiply", Grid(column(scales), by_row, Blocks(width)))]
        ),
        leaf="",
    )


def _shape(site: Site, rows: int, width: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Outputs and inputs, and what has to be said of how they are known: from the bias, else the one
    pair whose sizes the model has elsewhere."""
    if width not in _GROUPS:
        return (rows, width), ()
    bias = site.tensors.get(site.beside(".bias"))
    if bias is not None and len(bias.shape) == 1 and bias.numel and rows % bias.numel == 0:
        return (bias.numel, rows * width // bias.numel), ()
    sizes = site.surroundings.sizes
    possible = (
        [
            (rows // number, width * number)
            for number in range(1, rows + 1)
            if rows % number == 0
            and _grouped(width * number) == (width if number > 1 else None)
            and rows // number in sizes
            and width * number in sizes
        ]
        if rows < 1 << 20
        else []
    )
    if len(possible) == 1:
        return possible[0], ("its shape is inferred from the sizes of other tensors",)
    return (rows, width), (
        f"its rows are groups of {width}: the file does not say how many make an output's",
    )


def _grouped(inputs: int) -> int | None:
    """The size of the groups that quanto cuts so many inputs into; None for none."""
    if inputs <= _GROUPS[0]:
        return None
    return next((size for size in _GROUPS if inputs % size == 0), None)


SCHEME = Scheme(
    id="quanto",
    title="optimum-quanto",
    anchors=(PACKED, "._data"),
    layout="weight._data int8 or float8, weight._scale (out, 1); or weight._data._data uint8, _scale and _shift (groups, 1)",
    reference="https://github.com/huggingface/optimum-quanto",
    find=_find,
)
