"""Transformers with an encoder and a decoder: T5 (arXiv 1910.10683) and Whisper (2212.04356)."""

from pthreport.anatomy.families.block_stacks import Tower, Transformer, described, rows
from pthreport.anatomy.structure import is_convolution
from pthreport.document import Family

_T5 = {
    (6, 512, 2048, False): "T5-small", (12, 768, 3072, False): "T5-base", (24, 1024, 4096, False): "T5-large",
    (24, 1024, 16384, False): "T5-3B", (24, 1024, 65536, False): "T5-11B", (8, 512, 1024, True): "T5 v1.1 small",
    (12, 768, 2048, True): "T5 v1.1 base", (24, 1024, 2816, True): "T5 v1.1 large", (24, 2048, 5120, True): "T5 v1.1 XL",
    (24, 4096, 10240, True): "T5 v1.1 XXL",
}  # fmt: skip
"""Blocks of the encoder, width, feed-forward width, gated."""

_T5_WORDS = (32128, 32100)

_WHISPER = {
    (4, 4, 384): "tiny", (6, 6, 512): "base", (12, 12, 768): "small", (24, 24, 1024): "medium", (32, 32, 1280): "large",
    (32, 4, 1280): "large turbo",
}  # fmt: skip
_MELS = (80, 128)
_SECONDS = 1500
"""Positions of Whisper's encoder: 30 s of sound."""


def t5(model: Transformer) -> Family | None:
    """A T5, whole or its encoder: no biases, norms without a shift, tables of biases by distance."""
    pair = _pair(model)
    towers = pair or model.towers
    if len(towers) not in (1, 2) or any(not t.block.table or t.block.shifted for t in towers):
        return None
    encoder = towers[0]
    block = encoder.block
    if (pair is None and (len(towers) > 1 or block.cross)) or any(
        t.block.biased or t.block.norms != 2 + t.block.cross for t in towers
    ):
        return None
    heights = {rows(p, block.width) for p in model.beside}
    if len(heights) != 1 or len(model.norms(block.width)) != len(towers):
        return None
    words = heights.pop()
    if words is None:
        return None
    known = _T5.get((encoder.depth, block.width, block.feedforward or 0, block.gated))
    alike = all(t.depth == encoder.depth for t in towers)
    variant = (
        known if known and alike and words in _T5_WORDS and not model.experts else "T5-like transformer"
    )
    facts = _facts(towers) | {"vocabulary": str(words)}
    return Family(
        name="T5",
        variant=variant if pair else f"encoder of a {variant}",
        evidence=f"{_counted(towers)} transformer blocks of width {block.width:,} without biases, with tables of biases "
        "by distance",
        facts=facts,
    )


def whisper(model: Transformer) -> Family | None:
    """A Whisper: two convolutions over mel bands before the encoder, a decoder on tokens."""
    pair = _pair(model)
    if pair is None:
        return None
    encoder, decoder = pair
    width = encoder.block.width
    kernels = sorted((p.weight for p in model.beside if is_convolution(p)), key=lambda k: k[1])
    if decoder.block.width != width or [k[0::2] for k in kernels] != [(width, 3)] * 2:
        return None
    mels = kernels[0][1]
    counts = [rows(p, width) for p in model.beside if not is_convolution(p)]
    heights = sorted({n for n in counts if n is not None} - {_SECONDS}, reverse=True)
    if mels not in _MELS or kernels[1][1] != width or None in counts or len(heights) != 2:
        return None
    size = _WHISPER.get((encoder.depth, decoder.depth, width))
    return Family(
        name="Whisper",
        variant=f"Whisper {size}" if size else "Whisper-like transformer",
        evidence=f"two convolutions from {mels} mel bands to width {width:,}, {_counted(pair)} transformer blocks",
        facts=_facts(pair) | {"vocabulary": str(heights[0]), "mel bands": str(mels)},
    )


def _pair(model: Transformer) -> tuple[Tower, ...] | None:
    """Encoder and decoder: two towers, one of them with cross attention."""
    towers = sorted(model.towers, key=lambda t: t.block.cross)
    return tuple(towers) if [t.block.cross for t in towers] == [False, True] else None


def _counted(towers: tuple[Tower, ...]) -> str:
    if len(towers) == 1:
        return f"{towers[0].depth}"
    return f"{towers[0].depth} encoder and {towers[1].depth} decoder"


def _facts(towers: tuple[Tower, ...]) -> dict[str, str]:
    facts = described(towers[0])
    if len(towers) > 1:
        facts["depth"] = f"{towers[0].depth} (encoder), {towers[1].depth} (decoder)"
    return facts
