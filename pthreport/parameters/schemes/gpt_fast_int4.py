"""gpt-fast int4: codes in the order of one GPU kernel (tinygemm), counted and named, not decoded."""

from pthreport.parameters.scheme import Group, Outcome, Scheme, Site


def _find(site: Site) -> Outcome:
    codes, scales = site.get(".weight"), site.tensor
    if codes is None or codes.dtype.name not in ("int32", "uint8") or len(codes.shape) not in (2, 4):
        return None
    if len(scales.shape) != 3 or scales.shape[2] != 2 or scales.dtype.name != "bfloat16":
        return None
    group = Group(site, "gpt-fast-int4", ((".weight", "codes"), (".scales_and_zeros", "scales")))
    groups, outputs, _ = scales.shape
    count = codes.nbytes * 2
    if not outputs or not groups or count % outputs or count // outputs % groups:
        return group.inconsistent("its codes do not fit its scales")
    return group.parameter(
        "int4 (tinygemm)",
        (outputs, count // outputs),
        4,
        undecoded="its codes are in the order of one GPU kernel (tinygemm)",
        group=count // outputs // groups,
    )


SCHEME = Scheme(
    id="gpt-fast-int4",
    title="gpt-fast int4",
    anchors=(".scales_and_zeros",),
    layout="weight int32 (out/8, in/(16 k), 32, k/2), scales_and_zeros bfloat16 (groups, out, 2)",
    reference="https://github.com/pytorch-labs/gpt-fast, quantize.py",
    find=_find,
)
