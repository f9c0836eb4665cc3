"""What the page shows of a large model: what has findings first, then what is largest."""

from collections.abc import Sequence
from dataclasses import dataclass

from pthreport.document import Layer, Report, TensorRecord
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.index import Index, LayerKey
from pthreport.render.page.levels import ORDER


@dataclass(frozen=True)
class Choice:
    """Which layers have a row, which of them a card; the same for tensors outside the models."""

    rows: frozenset[LayerKey]
    cards: frozenset[LayerKey]
    loose: frozenset[str]
    loose_cards: frozenset[str]
    anchors: frozenset[str]
    """The anchors of all rows: where a link can land."""


def choose(report: Report, index: Index, bounds: Bounds = PAGE) -> Choice:
    """The choice for one report; nothing is left out where everything fits into `bounds`."""
    layers = [((model.key, layer.name), layer) for model in report.models for layer in model.layer_list]
    ranked = sorted(layers, key=lambda pair: _interest(pair[0], pair[1], index))
    rows = frozenset(key for key, _ in ranked[: bounds.rows])
    most = bounds.cards if len(ranked) <= bounds.rows else min(bounds.cards, bounds.cards_of_many)
    cards = frozenset(key for key, _ in ranked[:most])
    loose = [tensor for tensor in report.tensors if tensor.path in index.tensor_anchors]
    interesting = sorted(loose, key=lambda tensor: _tensor_interest(tensor, index))
    state = [tensor for tensor in interesting if tensor.role == "optimizer"][: bounds.optimizer]
    rest = [tensor for tensor in interesting if tensor.role != "optimizer"][: bounds.loose - len(state)]
    shown = sorted(rest + state, key=lambda tensor: _tensor_interest(tensor, index))
    state_cards = [t.path for t in shown if t.role == "optimizer" and not _has_findings(t, index)]
    carded = [t.path for t in shown if t.role != "optimizer" or _has_findings(t, index)]
    kept = {tensor.path for tensor in shown}
    return Choice(
        rows=rows,
        cards=cards,
        loose=frozenset(kept),
        loose_cards=frozenset([*carded[: bounds.loose_cards], *state_cards[: bounds.optimizer_cards]]),
        anchors=frozenset(
            [index.layer_anchors[key] for key in rows] + [index.tensor_anchors[path] for path in kept]
        ),
    )


def by_interest(layers: Sequence[tuple[LayerKey, Layer]], index: Index) -> list[tuple[LayerKey, Layer]]:
    """Layers with findings first, those that tell them from others before the rest, worst first, then the largest."""
    return sorted(layers, key=lambda pair: _interest(pair[0], pair[1], index))


def _interest(key: LayerKey, layer: Layer, index: Index) -> tuple[int, int, int]:
    telling, other = _ranks(index, index.findings_at.get(key, ()))
    return (telling, other, -layer.parameters - layer.buffers)


def _tensor_interest(tensor: TensorRecord, index: Index) -> tuple[int, int, int, int]:
    telling, other = _ranks(index, index.findings_on_tensor.get(tensor.path, ()))
    # Optimizer state repeats the model's shapes, so the rest comes before it.
    return (telling, other, int(tensor.role == "optimizer"), -tensor.numel)


def _has_findings(tensor: TensorRecord, index: Index) -> bool:
    return tensor.path in index.findings_on_tensor


def _ranks(index: Index, findings: Sequence[int]) -> tuple[int, int]:
    """How bad the worst finding that tells it from others is, and the worst one at all: 0 is an error, 9 none."""
    ranks = [(number in index.tells, ORDER.index(index.levels[number])) for number in findings]
    return min((rank for tells, rank in ranks if tells), default=9), min((r for _, r in ranks), default=9)
