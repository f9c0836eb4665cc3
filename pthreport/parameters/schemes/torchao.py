"""torchao's tensor subclasses: their shape and type stand in the file, the codes and scales in tensors that
they wrap. Named and counted; what each class makes of its tensors is not decoded."""

from pthreport.parameters.scheme import Group, Outcome, Scheme, Site


def _find(site: Site) -> Outcome:
    wrapper, codes = site.get(""), site.tensor
    if wrapper is None or wrapper.type_name is None or wrapper.problem is None or not wrapper.numel:
        return None
    name = wrapper.type_name.rpartition(".")[2]
    group = Group(
        site,
        "torchao",
        (
            ("", "settings"),
            (".qdata", "codes"),
            (".scale", "scales"),
            (".zero_point", "zero points"),
            (".scale_and_zero", "scales"),
        ),
    )
    bits = 8 * codes.nbytes / wrapper.numel
    kind = f"int{bits:g}" if codes.dtype.kind == "int" else f"FP{bits:g}"
    return group.parameter(
        f"torchao {kind}",
        wrapper.shape,
        bits,
        undecoded=f"what {name} makes of its tensors is not decoded",
        kind="wrapped",
        leaf="",
    )


SCHEME = Scheme(
    id="torchao",
    title="torchao tensor subclasses",
    anchors=(".qdata",),
    layout="a wrapper with the logical shape, and qdata, scale, zero_point below it",
    reference="https://github.com/pytorch/ao",
    find=_find,
)
