"""bitsandbytes int8 (LLM.int8()): a scale an output, weight = code * SCB / 127."""

from pthreport.parameters.codes import Whole
from pthreport.parameters.matrix import column, plane
from pthreport.parameters.scaled import Grid, Scaled
from pthreport.parameters.scheme import Group, Outcome, Scheme, Site

RECIPROCAL = 7.874015718698502e-3
"""1 / 127 as bitsandbytes writes it."""


def _find(site: Site) -> Outcome:
    codes, scales = site.get(".weight"), site.tensor
    if (
        codes is None
        or codes.dtype.name != "int8"
        or len(codes.shape) != 2
        or scales.dtype.name != "float32"
    ):
        return None
    group = Group(
        site,
        "bitsandbytes-8bit",
        ((".weight", "codes"), (".SCB", "scales"), (".weight_format", "settings")),
    )
    if scales.numel != codes.shape[0]:
        return group.inconsistent(f"its SCB has not one scale for each of {codes.shape[0]:,} outputs")
    layout = site.get(".weight_format")
    if layout is not None and layout.numel == 1 and int(layout.numpy().reshape(-1)[0]) != 0:
        return group.parameter(
            "LLM.int8()", codes.shape, 8, undecoded="its codes are in an order for one kind of GPU"
        )
    return group.parameter(
        "LLM.int8()",
        codes.shape,
        8,
        decoder=Scaled(Whole(plane(codes)), [("multiply", Grid(column(scales))), ("multiply", RECIPROCAL)]),
    )


SCHEME = Scheme(
    id="bitsandbytes-8bit",
    title="bitsandbytes int8",
    anchors=(".SCB",),
    layout="weight int8 (out, in), SCB float32 (out)",
    reference="https://arxiv.org/abs/2208.07339",
    find=_find,
)
