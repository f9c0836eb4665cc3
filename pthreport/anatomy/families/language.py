"""Transformers on text with one tower: BERT (arXiv 1810.04805) and its kin, ALBERT (1909.11942),
GPT-2 (Radford et al. 2019), Llama (2302.13971) and what is built like it."""

import re

from pthreport.anatomy.families.block_stacks import (
    Tower,
    Transformer,
    described,
    put_classes,
    reading,
    rows,
)
from pthreport.anatomy.families.stem_and_head import joined
from pthreport.anatomy.structure import Piece
from pthreport.document import Family
from pthreport.document.numbers import plural

_BERT = {(12, 768, 3072): "base", (24, 1024, 4096): "large"}
_DISTILLED = (6, 768, 3072)
_ROBERTA_WORDS = {50265: "RoBERTa", 250002: "XLM-RoBERTa"}
_BERT_POSITIONS = 512

_GPT2 = {(12, 768): "GPT-2", (24, 1024): "GPT-2 medium", (36, 1280): "GPT-2 large", (48, 1600): "GPT-2 XL"}
_GPT2_WORDS = range(50257, 50305)
"""GPT-2's vocabulary, and padded to a multiple of 64."""

_ALBERT = {(768, 3072): "base", (1024, 4096): "large", (2048, 8192): "xlarge", (4096, 16384): "xxlarge"}

_POSITIONS = re.compile(r"pos|wpe", re.I)
_SEGMENTS = re.compile(r"type|seg", re.I)
_WORDS_HEAD = re.compile(r"head|pred|vocab|cls|transform", re.I)


def bert(model: Transformer) -> Family | None:
    """An encoder behind tables of words and positions (and segments) with one norm of their own."""
    tower = _only(model)
    if tower is None or not tower.block.biased or not tower.block.plain or tower.block.gated:
        return None
    block = tower.block
    if block.fused or not block.shifted or block.norms != 2 or block.keys != block.width:
        return None
    found = _tables(model, tower, block.width)
    if found is None:
        return None
    tables, counts = found
    words, positions, segments = ([*counts, 0])[:3]
    head = [p for p in model.beside if p not in tables]
    outputs = reading(head, block.width)
    # One norm is that of the tables, another may be that of a head for words: a tower that ends in one is none of these.
    norms = [p.name for p in model.norms(block.width) if not _WORDS_HEAD.search(p.name)]
    if outputs is None or len(norms) != 1:
        return None
    facts = described(tower) | {"vocabulary": str(words), "positions": str(positions)}
    if segments:
        facts["segments"] = str(segments)
    if words not in outputs and len(model.norms(block.width)) == 1:
        put_classes(facts, [p for p in head if p.weight[0] != block.width], outputs)
    told = "words, positions and segments" if segments else "words and positions"
    return Family(
        name="BERT",
        variant=_bert_variant(
            (tower.depth, block.width, block.feedforward or 0), words, positions, segments
        ),
        evidence=f"{plural(tower.depth, 'transformer block')} of width {block.width:,} behind tables of {told} with one norm",
        facts=facts,
    )


def _bert_variant(form: tuple[int, int, int], words: int, positions: int, segments: int) -> str:
    size = _BERT.get(form)
    if size and segments == 1 and words in _ROBERTA_WORDS and positions == _BERT_POSITIONS + 2:
        return f"{_ROBERTA_WORDS[words]}-{size}"
    if size and segments == 2 and positions == _BERT_POSITIONS:
        return f"BERT-{size}"
    if form == _DISTILLED and segments == 0 and positions == _BERT_POSITIONS:
        return "DistilBERT"
    return f"BERT-like encoder of {form[0]} blocks"


def albert(model: Transformer) -> Family | None:
    """One block for all layers, behind narrower tables and a projection to its width."""
    tower = _only(model)
    if (
        tower is None
        or tower.depth != 1
        or tower.block.gated
        or not tower.block.biased
        or tower.block.fused
    ):
        return None
    width = tower.block.width
    for piece in model.beside:
        if piece.matrix is None or not piece.biased or piece.matrix[0] != width or piece.matrix[1] >= width:
            continue
        narrow = piece.matrix[1]
        found = _tables(model, tower, narrow)
        if found is None or len(found[0]) != 3:
            continue
        tables, (words, positions, segments) = found
        rest = [p for p in model.beside if p not in tables and p is not piece]
        # The head for words goes back to the narrow width.
        head = [p for p in rest if p.matrix not in ((narrow, width), (words, narrow))]
        outputs = reading(head, width)
        if outputs is None:
            return None
        size = _ALBERT.get((width, tower.block.feedforward or 0))
        facts = described(tower) | {
            "depth": "one block, applied as often as the configuration says",
            "vocabulary": str(words),
            "embedding width": str(narrow),
            "positions": str(positions),
            "segments": str(segments),
        }
        if len(head) == len(rest):
            put_classes(facts, [p for p in head if p.weight[0] != width], outputs)
        return Family(
            name="ALBERT",
            variant=f"ALBERT-{size}" if size else "ALBERT",
            evidence=f"one transformer block of width {width:,} for all layers, behind tables of width {narrow} and "
            "a projection between",
            facts=facts,
        )
    return None


def gpt2(model: Transformer) -> Family | None:
    """A tower with fused projections behind tables of words and positions, a norm at its end."""
    tower = _only(model)
    if tower is None or not tower.block.plain or tower.block.gated or tower.block.norms != 2:
        return None
    block = tower.block
    if not block.fused or block.keys != block.attention or block.attention != block.width:
        return None
    positions = [p for p in model.beside if _place(p.name) == 1]
    words = [p for p in model.beside if p.kind == "embedding" and p not in positions]
    head = [p for p in model.beside if p not in positions and p not in words]
    outputs = reading(head, block.width)
    if len(positions) != 1 or len(words) != 1 or outputs is None or len(head) > 1:
        return None
    vocabulary, length = words[0].weight[0], rows(positions[0], block.width)
    if rows(words[0], block.width) is None or length is None or not _ends_in_norm(model, block.width):
        return None
    # What else there is of this kind keeps its matrices (out, in), and has a vocabulary of its own.
    turned = any(p.turned for p in model.structure.nodes[tower.nodes[0]])
    known = _GPT2.get((tower.depth, block.width)) if vocabulary in _GPT2_WORDS else None
    if not (turned or vocabulary in _GPT2_WORDS):
        return None
    return Family(
        name="GPT-2",
        variant=known or f"GPT-2-like transformer of {tower.depth} blocks",
        evidence=f"{plural(tower.depth, 'transformer block')} of width {block.width:,} with fused query, key and value behind "
        "tables of words and positions, and a norm at the end",
        facts=described(tower) | {"vocabulary": str(vocabulary), "positions": str(length)},
    )


def llama(model: Transformer) -> Family | None:
    """Gated feed-forward parts, two norms or more without a shift in each block and one at the end, no table of
    positions: Llama, Mistral, Qwen, Gemma."""
    tower = _only(model)
    if tower is None or tower.depth < 2 or not tower.block.gated or not tower.block.plain:
        return None
    block = tower.block
    if block.shifted or block.norms < 2 or not _ends_in_norm(model, block.width):
        return None
    words = [p for p in model.beside if p.kind == "embedding"]
    # A head gives words, or a few outputs.
    head = [p for p in model.beside if p not in words]
    outputs = reading(head, block.width)
    if len(words) != 1 or rows(words[0], block.width) is None or outputs is None or len(head) > 1:
        return None
    vocabulary = words[0].weight[0]
    facts = described(tower) | {"vocabulary": str(vocabulary)}
    if outputs - {vocabulary}:
        facts["outputs"] = joined(outputs)
    return Family(
        name="Llama-like",
        variant=f"Llama-like transformer of {tower.depth} blocks"
        + (" with experts" if model.experts else ""),
        evidence=f"{plural(tower.depth, 'transformer block')} of width {block.width:,} with gated feed-forward parts, norms "
        "without shifts and no table of positions",
        facts=facts,
    )


def _only(model: Transformer) -> Tower | None:
    """The one tower, without cross attention and biases for positions."""
    if len(model.towers) != 1:
        return None
    tower = model.towers[0]
    return None if tower.block.cross or tower.block.table else tower


def _tables(model: Transformer, tower: Tower, width: int) -> tuple[list[Piece], list[int]] | None:
    """The tables of words, positions and segments (or the first two) that stand together with one norm and
    without the tower, and their rows. Which is which their names say."""
    modules: dict[str, list[Piece]] = {}
    for piece in model.beside:
        if rows(piece, width) is not None:
            modules.setdefault(piece.name.rpartition(".")[0], []).append(piece)
    for module, found in modules.items():
        normed = any(p.name.rpartition(".")[0] == module for p in model.norms(width))
        if not module or not normed or tower.nodes[0].startswith(module + "."):
            continue
        tables = sorted(found, key=lambda p: _place(p.name))
        if [_place(p.name) for p in tables] in ([0, 1], [0, 1, 2]):
            return tables, [p.weight[0] for p in tables]
    return None


def _place(name: str) -> int:
    """0 for a table of words, 1 of positions, 2 of segments, from what it is called."""
    last = name.rpartition(".")[2]
    return 1 if _POSITIONS.search(last) else 2 if _SEGMENTS.search(last) else 0


def _ends_in_norm(model: Transformer, width: int) -> bool:
    """Whether just one norm stands outside of the tower, and beside it, not with the tables."""
    norms = model.norms(width)
    return len(norms) == 1 and "emb" not in norms[0].name.casefold()
