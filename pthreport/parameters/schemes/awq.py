"""AWQ (AutoAWQ): 4-bit integers, eight outputs a word in an order of their own, zero points by group.

The layout of its "gemm" kernels is decoded. That of "gemv" has outputs in rows and pads its groups.
"""

from pthreport.parameters.codes import Interleaved
from pthreport.parameters.matrix import floats, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

BITS = 4
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""The output (of eight) that bits 4 i to 4 i + 3 of a word belong to."""
_MEMBERS: tuple[tuple[str, MemberRole], ...] = (
    (".qweight", "codes"),
    (".scales", "scales"),
    (".qzeros", "zero points"),
)


def _find(site: Site) -> Outcome:
    codes, scales, zeros = site.tensor, site.get(".scales"), site.get(".qzeros")
    if scales is None or zeros is None or site.get(".g_idx") is not None:
        return None
    if codes.dtype.name != "int32" or zeros.dtype.name != "int32" or scales.dtype.name not in FLOATS:
        return None
    if not len(codes.shape) == len(scales.shape) == len(zeros.shape) == 2:
        return None
    group = Group(site, "awq", _MEMBERS)
    (rows, words), (groups, outputs) = codes.shape, scales.shape
    if words * 8 == outputs and zeros.shape == (groups, words) and groups and rows % groups == 0:
        size = rows // groups
        return group.parameter(
            "AWQ, 4-bit",
            (outputs, rows),
            BITS,
            decoder=Scaled(
                Interleaved(plane(codes), ORDER),
                [
                    ("subtract", Grid(Interleaved(plane(zeros), ORDER), Blocks(size))),
                    ("multiply", Grid(floats(scales), Blocks(size))),
                ],
            ),
            order=(1, 0),
            group=size if groups > 1 else None,
        )
    if site.settings.method != "awq":
        return None  # GPTQ's, or nobody's
    if rows == groups == zeros.shape[0] and zeros.shape[1] * 8 == outputs:
        return group.parameter(
            "AWQ, 4-bit",
            (rows, words * 8),
            BITS,
            undecoded="AutoAWQ's gemv layout is not decoded",
            group=site.settings.number("group_size"),
        )
    return group.inconsistent("the shapes of its codes, scales and zero points do not fit together")


SCHEME = Scheme(
    id="awq",
    title="AWQ",
    anchors=(".qweight",),
    layout="qweight int32 (in, out/8), qzeros int32 (groups, out/8), scales (groups, out)",
    reference="https://arxiv.org/abs/2306.00978",
    find=_find,
)
