"""Names that a wrapper has left in a state dict."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note every prefix of a wrapper, by model."""
    found = [(model, prefix) for model in facts.models for prefix in model.prefixes]
    if not found:
        return Outcome(status="pass", evidence="the names are the model's own")
    rows = [(m.label, p.prefix, p.wrapper, f"{p.count:,}") for m, p in found]
    said = dict.fromkeys(f"{p.prefix!r} of {p.wrapper}" for _, p in found)
    total = max(p.count for _, p in found)
    return Outcome(
        status="info",
        evidence=f"{listed(said)}, in up to {plural(total, 'name')} of a model",
        where=tuple(dict.fromkeys(m.key for m, _ in found)),
        details=(table(("model", "prefix", "left by", "names"), rows),),
    )


WRAPPER_PREFIXES = Check(
    id="wrapper-prefixes",
    category="hygiene",
    needs=("models",),
    passed="No wrapper's prefix in the names",
    failed="A wrapper's prefix is left in the names",
    severity="info",
    judges="0 names with a segment that DataParallel, torch.compile, FSDP, checkpointing or Lightning puts there",
    why=(
        "load_state_dict of the bare model finds none of its own names: everything is missing and everything is "
        "unexpected. With strict=False it loads nothing and says nothing."
    ),
    remedy=(
        "Save the inner module: model.module.state_dict() under DistributedDataParallel, model._orig_mod under "
        "torch.compile. For this file, strip the prefix from the keys before load_state_dict "
        "(torch.nn.modules.utils.consume_prefix_in_state_dict_if_present)."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.utils.consume_prefix_in_state_dict_if_present.html",
    examine=examine,
)
