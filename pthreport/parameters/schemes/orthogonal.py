"""torch's orthogonal parametrization: weight = base times an orthogonal map of `original`.

Which map (the matrix exponential, Cayley's, Householder's) a state dict does not say, so that shape and size
are known and the values are not.
"""

from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site


def _find(site: Site) -> Outcome:
    base, original = site.tensor, site.get(".original")
    if original is None or ".parametrizations." not in site.stem or len(original.shape) < 2:
        return None
    if original.dtype.name not in FLOATS or base.dtype.name != original.dtype.name or not original.numel:
        return None
    group = Group(site, "orthogonal", ((".original", "values"), (".0.base", "base")))
    *lead, rows, columns = original.shape
    size = max(rows, columns)
    if base.shape not in (original.shape, (*lead, size, size), (*lead, size, min(rows, columns))):
        return group.inconsistent("its base has another size than its matrix")
    return group.parameter(
        f"{original.dtype.name}, orthogonal",
        original.shape,
        8 * original.dtype.itemsize,
        undecoded="the file does not say which orthogonal map makes the weight",
        leaf="",
        kind="reparametrised",
    )


SCHEME = Scheme(
    id="orthogonal",
    title="orthogonal parametrization",
    anchors=(".0.base",),
    layout="parametrizations.weight.original (out, in) and .0.base",
    reference="https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html",
    find=_find,
)
