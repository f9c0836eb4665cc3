"""Tensors of the same values that are stored more than once."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import table
from pthreport.document import BytesDetail
from pthreport.document.numbers import plural, verb

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.1,
    unit="share of the file's bytes",
    source="buffers that every block keeps for itself (masks, positions) stay below it in the real files looked at",
)
"""From this share on it is a warning, below it a note."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where copies take a large share of the file, note where there are any."""
    if not facts.copies:
        return Outcome(status="pass", evidence="no two tensors hold the same values in two places")
    found = sorted(facts.copies, key=lambda c: -c.nbytes * (len(c.tensors) - 1))
    spent = sum(c.nbytes * (len(c.tensors) - 1) for c in found)
    more = sum(len(c.tensors) - 1 for c in found)
    share = spent / max(1, facts.checkpoint.size)
    share_text = f"{share:.1%}" if share >= 0.001 else "less than 0.1%"
    rows = [
        (c.tensors[0], ", ".join(c.tensors[1:4]), f"{len(c.tensors):,}", f"{c.nbytes:,}") for c in found
    ]
    large = share >= limits[LARGE_SHARE.name]
    return Outcome(
        status="warn" if large else "info",
        evidence=(
            f"{plural(more, 'tensor')} {verb(more, 'repeats', 'repeat')} the values of another one, with "
            f"{share_text} of the file; the largest is {found[0].tensors[1]}, a copy of {found[0].tensors[0]}"
        ),
        where=tuple(path for c in found for path in c.tensors),
        details=(
            BytesDetail(label="bytes of the copies", value=spent),
            table(("tensor", "the same in", "times", "bytes each"), rows),
        ),
        severity="warning" if large else "info",
    )


DUPLICATE_TENSORS = Check(
    id="duplicate-tensors",
    category="integrity",
    needs=("values",),
    passed="No tensor is stored twice",
    failed="Tensors are stored twice",
    severity="warning",
    judges=(
        "0 tensors of 64 or more elements, not constant, with the bytes of another one in a storage of their own "
        "(optimizer states and moving averages aside); a warning from {large-share:.0%} of the file on"
    ),
    thresholds=(LARGE_SHARE,),
    why=(
        "Either they were meant to be tied and are no longer, so that training goes on with two weights where the "
        "model has one, or the file carries something twice, such as the best model beside an equal last one."
    ),
    remedy=(
        "If the weights are tied, tie them before saving (the state dict then holds one storage under both names). "
        "Otherwise leave one of them out; buffers that follow from the configuration need not be saved "
        "(register_buffer(..., persistent=False))."
    ),
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html; https://huggingface.co/docs/safetensors/torch_shared_tensors",
    examine=examine,
)
