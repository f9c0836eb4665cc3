"""A checkpoint of several files of which some are not there."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table

SEVERAL = frozenset({"sharded", "dcp", "deepspeed"})
"""Containers that are made of several files."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where a file that the index, the metadata or the numbering names is missing."""
    found = [p for p in facts.checkpoint.problem_list if p.kind == "missing-shard"]
    if found:
        rows = [(p.text, p.where or "") for p in found]
        return Outcome(
            status="fail",
            evidence=found[0].text,
            where=tuple(dict.fromkeys(p.where for p in found if p.where)),
            details=(table(("what", "where"), rows),),
        )
    if facts.checkpoint.container not in SEVERAL:
        return Outcome(status="not-applicable", evidence="the checkpoint is a single file")
    shards = facts.checkpoint.format.get("shards")
    return Outcome(
        status="pass", evidence=f"all {shards} shards are there" if shards else "all its files are there"
    )


MISSING_SHARDS = Check(
    id="missing-shards",
    category="integrity",
    passed="All parts of the checkpoint are there",
    failed="Parts of the checkpoint are missing",
    severity="error",
    judges="0 files missing that the index, the metadata or the shards' own numbering names",
    why=(
        "The tensors of the missing files are not there. Some loaders initialise them at random instead and only "
        "warn of it: the model then runs and gives nonsense."
    ),
    remedy=(
        "Fetch the missing files into the same folder; with the Hugging Face hub, snapshot_download goes on where it "
        "stopped. After saving on many ranks, see whether all of them have finished."
    ),
    reference="https://huggingface.co/docs/transformers/big_models; https://docs.pytorch.org/docs/stable/distributed.checkpoint.html",
    examine=examine,
)
