"""Published architectures, recognised from structure alone: shapes, and how the names nest.

Each recogniser is a pure function that knows one family and says None unless all that makes the family
is there and nothing else: no family is better than a wrong one. The first that knows a model names it.
"""

from collections.abc import Callable

import msgspec

from pthreport.anatomy import experts
from pthreport.anatomy.families import (
    densenet,
    diffusion,
    efficientnet,
    language,
    mlp_and_recurrent,
    mobilenet,
    resnet,
    sequences,
    unet,
    vgg,
    vision,
    yolo,
)
from pthreport.anatomy.families.block_stacks import Transformer
from pthreport.anatomy.structure import Structure
from pthreport.document import Family

__all__ = ["recognise"]

_NETWORKS: tuple[Callable[[Structure], Family | None], ...] = (
    resnet.recognise,
    vgg.recognise,
    mobilenet.recognise,
    efficientnet.recognise,
    densenet.recognise,
    yolo.recognise,
    diffusion.recognise,
    unet.recognise,
)
"""By kernels."""

_TRANSFORMERS: tuple[Callable[[Transformer], Family | None], ...] = (
    vision.swin,
    vision.vit,
    sequences.whisper,
    sequences.t5,
    language.albert,
    language.bert,
    language.gpt2,
    language.llama,
)
"""By towers of blocks."""

_SIMPLE: tuple[Callable[[Structure], Family | None], ...] = (
    mlp_and_recurrent.recurrent,
    mlp_and_recurrent.mlp,
)
"""What is a part of very many networks, and names one only where it is all of it."""

_MOST = 0.5
"""The share of a model's elements beyond which a module gives the model its name."""

_LEVELS = 4


def recognise(structure: Structure) -> Family | None:
    """The family of a model, or that of the module that is most of it; None where unsure."""
    inner = structure
    at = ""
    for _ in range(_LEVELS):
        whole = inner.numel == structure.numel
        known = _known(inner, whole)
        if known is not None:
            return known if whole else msgspec.structs.replace(known, at=at)
        child = _main_child(inner, _MOST * structure.numel)
        if child is None:
            return None
        at = f"{at}.{child}" if at else child
        inner = inner.at(child)
    return None


def _known(structure: Structure, whole: bool) -> Family | None:
    for judge in (*_NETWORKS, *(_SIMPLE if whole else ())):
        if (known := judge(structure)) is not None:
            return known
    transformer = Transformer(structure, {n for mixture in experts.find(structure) for n in mixture.layers})
    if transformer.towers:
        for ask in _TRANSFORMERS:
            if (known := ask(transformer)) is not None:
                return known
    return None


def _main_child(structure: Structure, elements: float) -> str | None:
    """The direct child module that holds more than `elements`."""
    for node, pieces in structure.nodes.items():
        if node and "." not in node and sum(p.numel for p in pieces) > elements:
            return node
    return None
