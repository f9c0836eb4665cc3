"""Sizes that are said twice and are not the same: header and data, shape and storage, index and shards,
configuration and tensors."""

import re
from collections.abc import Iterator

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural

CONFIG = re.compile(r"config\.(\w+)")
"""A fact of the configuration that a Hugging Face folder keeps, or that the file itself holds under that key."""

ROWS_OF = {
    "vocab_size": re.compile(r"(^|\.)(word_embeddings|embed_tokens|tok_embeddings|wte)$"),
    "max_position_embeddings": re.compile(r"(^|\.)(position_embeddings|embed_positions|wpe)$"),
    "n_positions": re.compile(r"(^|\.)wpe$"),
    "type_vocab_size": re.compile(r"(^|\.)token_type_embeddings$"),
}
"""Configured sizes, and the embeddings that must have at least as many rows (more are padding)."""

WIDTH = ("hidden_size", "n_embd")
OTHER_WIDTH = frozenset({"embedding_size", "word_embed_proj_dim", "d_embed"})
"""The configured width of word embeddings, and the keys that say they have a width of their own."""

Row = tuple[str, str, str]
"""What, what one side says, what the other one says."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where values could not be read for it, or where the configuration asks for rows that are not
    there; warn elsewhere."""
    problems = [p for p in facts.checkpoint.problem_list if p.kind == "sizes-disagree"]
    configured = list(_configured(facts))
    if not problems and not configured:
        return Outcome(
            status="pass", evidence="shapes, storages, headers and configuration agree on every size"
        )
    rows: list[Row] = [(p.where or "the file", p.text, "") for p in problems]
    rows += [(path, f"{key} = {said}", found) for path, key, said, found in configured]
    first = rows[0]
    said = f"{first[1]}, the tensor has {first[2]}" if first[2] else first[1]
    more = f", and {plural(len(rows) - 1, 'place')} more" if len(rows) > 1 else ""
    worse = bool(configured) or any(p.partial for p in problems)
    return Outcome(
        status="fail" if worse else "warn",
        evidence=f"{first[0]}: {said}{more}",
        where=tuple(dict.fromkeys([*(p.where for p in problems if p.where), *(c[0] for c in configured)])),
        details=(table(("where", "one says", "the other says"), rows),),
        severity="error" if worse else "warning",
    )


def _configured(facts: Facts) -> Iterator[tuple[str, str, str, str]]:
    """Tensors that are not as the configuration says: path, key, what it says, what is there."""
    config = {
        found[1]: fact.value for fact in facts.training.arguments if (found := CONFIG.fullmatch(fact.path))
    }
    sizes = {key: int(value) for key, value in config.items() if value.isdecimal() and len(value) < 12}
    for layer in facts.layers:
        weight = facts.tensors.get(layer.weight or "")
        if layer.kind != "embedding" or weight is None or len(weight.shape) != 2:
            continue
        for key, names in ROWS_OF.items():
            if key in sizes and names.search(layer.name) and weight.shape[0] < sizes[key]:
                yield weight.path, key, f"{sizes[key]:,}", plural(weight.shape[0], "row")
        if ROWS_OF["vocab_size"].search(layer.name) and not OTHER_WIDTH & config.keys():
            for key in WIDTH:
                if key in sizes and sizes[key] != weight.shape[1]:
                    yield weight.path, key, f"{sizes[key]:,}", plural(weight.shape[1], "column")


DISAGREEING_SIZES = Check(
    id="disagreeing-sizes",
    category="integrity",
    passed="Every size that is said twice is the same",
    failed="Sizes disagree",
    severity="error",
    judges=(
        "0 differences between shape and storage, header and data, index and shards; embeddings have at least the "
        "configured rows and the configured width"
    ),
    why=(
        "One of the two is wrong. A loader that believes the larger one reads what belongs to something else or "
        "fails; a configuration that promises more rows than an embedding has ends in an index error, on a GPU in a "
        "crash without a message, at the first such token."
    ),
    remedy=(
        "Take configuration, index and weights from one and the same save. After adding tokens, call "
        "resize_token_embeddings before saving; after editing shards, write the index anew."
    ),
    reference="https://huggingface.co/docs/safetensors; https://huggingface.co/docs/transformers/big_models",
    examine=examine,
)
