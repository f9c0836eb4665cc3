"""Layers whose parameters are of different types."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document import TensorRecord
from pthreport.document.numbers import plural
from pthreport.document.text import listed

FLOATS = ("float64", "float32", "bfloat16", "float16")


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where one layer's parameters are stored in several floating types."""
    looked, found = 0, []
    for layer in facts.layers:
        own = [facts.tensors[p] for p in layer.tensors if p in facts.tensors]
        own = [t for t in own if t.role == "parameter" and t.dtype in FLOATS]
        if len(own) < 2:
            continue
        looked += 1
        if len({t.dtype for t in own}) > 1:
            found.append((layer, own))
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no layer has several parameters of floating types"
        )
    if not found:
        return Outcome(
            status="pass", evidence=f"the parameters of each of {plural(looked, 'layer')} are of one type"
        )
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), looked, 'layer')}: {listed(f'{la.name} ({_types(own)})' for la, own in found)}",
        where=tuple(t.path for _, own in found for t in own),
        details=(
            table(
                ("layer", "kind", "types"),
                [
                    (la.name, la.kind, ", ".join(f"{t.name.rpartition('.')[2]} {t.dtype}" for t in own))
                    for la, own in found
                ],
            ),
        ),
    )


def _types(own: list[TensorRecord]) -> str:
    return ", ".join(dict.fromkeys(t.dtype for t in own))


MIXED_DTYPES = Check(
    id="mixed-dtypes",
    category="precision",
    needs=("models",),
    passed="Each layer is of one type",
    failed="Layers mix floating types",
    severity="warning",
    judges="one layer's parameters in more than one of float64, float32, bfloat16, float16 (buffers and quantised weights left out)",
    why=(
        "torch refuses to multiply a float16 matrix and add a float32 bias: such a layer fails at the first forward pass, "
        "or is silently cast up by load_state_dict into whatever the module was made with."
    ),
    remedy="Cast the whole layer to one type (model.to(dtype)) and save again; look at what converted a part of it only.",
    reference="https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc",
    examine=examine,
)
