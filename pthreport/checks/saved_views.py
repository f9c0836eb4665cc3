"""Tensors that were saved as views: not contiguous, or parts of a storage that others share."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural, verb


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note tensors that are not in C order, and storages that several different views share."""
    odd = [t for t in facts.tensors.values() if not t.contiguous]
    shared = [s for s in facts.storages if s.views > 1]
    total = plural(len(facts.tensors), "tensor")
    if not odd and not shared:
        return Outcome(status="pass", evidence=f"all {total} stand in order, each in a storage of its own")
    parts = []
    if odd:
        parts.append(f"{len(odd):,} of {total} {verb(len(odd), 'is', 'are')} not contiguous")
    if shared:
        views = sum(s.views for s in shared)
        parts.append(f"{views:,} different views lie in {plural(len(shared), 'common storage')}")
    in_common = [(path, s.tensors[0]) for s in shared for path in s.tensors]
    rows = [(t.path, " x ".join(map(str, t.shape)), "not contiguous") for t in odd]
    rows += [(path, "", f"in one storage with {first}") for path, first in in_common if path != first]
    return Outcome(
        status="info",
        evidence=", and ".join(parts),
        where=tuple(dict.fromkeys([*(t.path for t in odd), *(path for path, _ in in_common)])),
        details=(table(("tensor", "shape", "it is"), rows),),
    )


SAVED_VIEWS = Check(
    id="saved-views",
    category="hygiene",
    passed="Every tensor is saved in order and on its own",
    failed="Views were saved in place of tensors",
    severity="info",
    judges="0 tensors that are not contiguous, or that share a storage without being tied weights",
    why=(
        "They load as they were saved: a transposed or column-major weight stays one, is slower in some kernels, "
        "and view() on it fails. Tensors of one storage change together when one is written to. safetensors refuses "
        "both."
    ),
    remedy=(
        "Save {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}; for "
        "tied weights, which are meant to share, use safetensors.torch.save_model."
    ),
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html; https://huggingface.co/docs/safetensors/torch_shared_tensors",
    examine=examine,
)
