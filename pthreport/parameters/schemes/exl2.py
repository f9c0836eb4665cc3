"""EXL2 (ExLlamaV2): groups of inputs with different bits each, counted and named, not decoded."""

from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scheme import Group, Outcome, Scheme, Site

_MEMBERS: tuple[tuple[str, MemberRole], ...] = (
    (".q_weight", "codes"),
    (".q_scale", "scales"),
    (".q_scale_max", "scales of scales"),
    (".q_groups", "group index"),
    (".q_group_map", "group index"),
    (".q_invperm", "group index"),
    (".q_perm", "group index"),
)


def _find(site: Site) -> Outcome:
    codes, scales, groups = site.tensor, site.get(".q_scale"), site.get(".q_groups")
    order = site.get(".q_invperm") or site.get(".q_perm")
    if codes.dtype.name != "int32" or len(codes.shape) != 2 or scales is None or groups is None:
        return None
    group = Group(site, "exl2", _MEMBERS)
    if order is None or order.dtype.kind != "int" or len(order.shape) != 1 or not order.numel:
        return group.inconsistent("its permutation of the inputs is missing")
    inputs, (words, outputs) = order.numel, codes.shape
    bits = 32 * words / inputs
    if not 1.5 <= bits <= 8.1 or len(scales.shape) != 2 or scales.shape[0] * 2 != groups.numel:
        return group.inconsistent("its codes, scales and groups do not fit together")
    return group.parameter(
        f"EXL2, {bits:.2f} bits on average",
        (outputs, inputs),
        round(bits, 4),
        undecoded="EXL2's codes of several widths are not decoded",
    )


SCHEME = Scheme(
    id="exl2",
    title="EXL2",
    anchors=(".q_weight",),
    layout="q_weight int32 (words, out), q_scale int32 (groups, out/8), q_scale_max (groups), q_groups int16 (2 groups), q_invperm (in)",
    reference="https://github.com/turboderp/exllamav2",
    find=_find,
)
