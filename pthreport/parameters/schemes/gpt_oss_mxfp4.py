"""MXFP4 as GPT-OSS has it: blocks of 32 4-bit floats in 16 bytes, and the power of two that scales each.

Hugging Face's names (`gate_up_proj_blocks`) are of parameters that the model has transposed, (experts, in, out);
OpenAI's own (`mlp1_weight.blocks`) are of (experts, out, in).
"""

from pthreport.parameters.codes import Packed, e2m1
from pthreport.parameters.matrix import floats, plane
from pthreport.parameters.scaled import Blocks, Grid, Scaled
from pthreport.parameters.scheme import Group, Outcome, Scheme, Site

BLOCK = 32


def _find(site: Site) -> Outcome:
    codes = site.tensor
    scales_ending = site.ending.replace("blocks", "scales")
    scales = site.get(scales_ending)
    if (
        codes.dtype.name != "uint8"
        or len(codes.shape) < 3
        or codes.shape[-1] != BLOCK // 2
        or scales is None
    ):
        return None
    if scales.dtype.name not in ("uint8", "float8_e8m0fnu"):
        return None
    group = Group(site, "gpt-oss-mxfp4", ((site.ending, "codes"), (scales_ending, "scales")))
    if scales.shape != codes.shape[:-1]:
        return group.inconsistent("it has not one scale for each block")
    *lead, outputs, blocks, _ = codes.shape
    inputs = blocks * BLOCK
    turned = site.ending == "_blocks" and len(lead) == 1
    last = (inputs, outputs) if turned else (outputs, inputs)
    rank = len(lead) + 2
    return group.parameter(
        "MXFP4",
        (*lead, *last),
        4,
        decoder=Scaled(
            Packed(plane(codes, inputs // 2), 4, inputs, table=e2m1),
            [("multiply", Grid(floats(scales), by_column=Blocks(BLOCK)))],
        ),
        order=(*range(len(lead)), rank - 1, rank - 2) if turned else None,
        leaf="",
        group=BLOCK,
    )


SCHEME = Scheme(
    id="gpt-oss-mxfp4",
    title="MXFP4 (GPT-OSS)",
    anchors=("_blocks", ".blocks"),
    layout="NAME_blocks uint8 (experts, out, in/32, 16), NAME_scales uint8 (experts, out, in/32)",
    reference="https://github.com/openai/gpt-oss, gpt_oss/torch/weights.py; OCP Microscaling Formats 1.0",
    find=_find,
)
