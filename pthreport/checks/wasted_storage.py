"""Storages of which no tensor uses all bytes."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import table
from pthreport.document import BytesDetail
from pthreport.document.numbers import plural, verb

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.1,
    unit="share of the file's bytes",
    source="none of 30 real files looked at wastes a byte; a row saved of a larger tensor wastes nearly everything",
)
"""From this share on wasted bytes are a warning, below it a note."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a large share of the file is stored and reached by no tensor, note where any is."""
    found = sorted((s for s in facts.storages if s.used < s.nbytes), key=lambda s: s.used - s.nbytes)
    if not found:
        return Outcome(status="pass", evidence="every byte of every storage belongs to a tensor")
    wasted = sum(s.nbytes - s.used for s in found)
    share = wasted / max(1, facts.checkpoint.size)
    first = found[0]
    rows = [(s.tensors[0], f"{len(s.tensors):,}", f"{s.nbytes:,}", f"{s.nbytes - s.used:,}") for s in found]
    large = share >= limits[LARGE_SHARE.name]
    return Outcome(
        status="warn" if large else "info",
        evidence=(
            f"{plural(wasted, 'byte')} ({share:.1%} of the file) in {plural(len(found), 'storage')} {verb(wasted, 'belongs', 'belong')} to no tensor; "
            f"most under {first.tensors[0]}, which uses {first.used:,} of {first.nbytes:,}"
        ),
        where=tuple(path for s in found for path in s.tensors),
        details=(
            BytesDetail(label="bytes that no tensor uses", value=wasted),
            table(("first tensor", "tensors", "bytes of the storage", "of these unused"), rows),
        ),
        severity="warning" if large else "info",
    )


WASTED_STORAGE = Check(
    id="wasted-storage",
    category="integrity",
    passed="Storages are as large as their tensors",
    failed="Storages are larger than their tensors",
    severity="warning",
    judges="0 bytes of a storage that no tensor covers; a warning from {large-share:.0%} of the file on",
    thresholds=(LARGE_SHARE,),
    why=(
        "torch.save writes the whole storage of a view: a slice of a large tensor takes all of it along. The file is "
        "larger than its contents, loading it takes the memory of all of it, and the part that was cut away, which "
        "may have been cut away on purpose, is still in it."
    ),
    remedy="Save copies in place of views: tensor.clone() before torch.save gives a storage of its own size.",
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html#saving-and-loading-tensors-preserves-views",
    examine=examine,
)
