"""YOLO detectors: heads with anchors (v3 to v7) and with distances as distributions (v8 and later, and the
"u" models), as Ultralytics and its forerunners write them.

What decides is the head: on three or four scales, one convolution for boxes and one for classes, or one
for both times the anchors.
"""

from collections.abc import Sequence

from pthreport.anatomy.structure import Piece, Structure, is_convolution
from pthreport.document import Family

_LETTERS = {16: "n", 32: "s", 48: "m", 64: "l", 80: "x"}
"""First channels of YOLOv5 and YOLOv8 by size."""

_SCALES = (2, 3, 4)
_FEWEST = 24


def recognise(structure: Structure) -> Family | None:
    """A YOLO with its scales and classes, or None."""
    if len(structure.convolutions) < _FEWEST or structure.convolutions[0].weight[1] > 16:
        return None
    return _by_distances(structure) or _by_anchors(structure)


def _by_distances(structure: Structure) -> Family | None:
    """The head whose boxes are distributions over `bins` distances: a fixed 1 x 1 kernel weighs them."""
    fixed = [
        p
        for p in structure.convolutions
        if p.weight[0] == 1 and p.weight[2:] == (1, 1) and p.weight[1] >= 8 and not p.biased
    ]
    if len(fixed) != 1:
        return None
    bins = fixed[0].weight[1]
    for node, pieces in sorted(structure.nodes.items(), key=lambda item: -item[0].count(".")):
        if fixed[0] not in pieces:
            continue
        ends = [p.weight for p in pieces if is_convolution(p) and p.weight[2:] == (1, 1) and p.biased]
        boxes = [k for k in ends if k[0] == 4 * bins]
        classes = [k for k in ends if k[0] != 4 * bins]
        if len(boxes) not in _SCALES:
            continue
        counts = {k[0] for k in classes if sum(o[0] == k[0] for o in classes) >= len(boxes)}
        head = _classes(node, structure, counts, len(boxes))
        facts = {"scales": str(len(boxes)), "distances": str(bins)}
        if head is not None:
            facts["classes"] = str(head)
        facts["input channels"] = str(structure.convolutions[0].weight[1])
        variant = _version(structure, pieces)
        return Family(
            name="YOLO",
            variant=variant,
            evidence=f"a head on {len(boxes)} scales with boxes as distributions over {bins} distances and "
            "classes apart",
            facts=facts,
        )
    return None


def _classes(node: str, structure: Structure, counts: set[int], scales: int) -> int | None:
    """Classes, from the run of convolutions that ends where no other branch does; None where two fit."""
    if len(counts) == 1:
        return counts.pop()
    # Masks and key points have branches of their own, told apart only by name.
    named = [
        p.weight[0]
        for p in structure.nodes[node]
        if is_convolution(p) and p.biased and p.weight[2:] == (1, 1) and ".cv3." in p.name
    ]
    return named[0] if len(named) == scales and len(set(named)) == 1 else None


def _by_anchors(structure: Structure) -> Family | None:
    """The head with one convolution a scale, of anchors x (box, objectness, classes) outputs, side by side."""
    for members in structure.stacks():
        pieces = [structure.nodes[m] for m in members]
        if len(members) not in _SCALES or any(len(p) != 1 for p in pieces):
            continue
        ends = [p[0].weight for p in pieces]
        if any(
            len(k) != 4 or k[2:] != (1, 1) or not p[0].biased for k, p in zip(ends, pieces, strict=True)
        ):
            continue
        outputs, inputs = {k[0] for k in ends}, [k[1] for k in ends]
        first = min(inputs)
        if len(outputs) != 1 or sorted(inputs) != [first * 2**i for i in range(len(inputs))]:
            continue
        total = outputs.pop()
        parent = members[0].rpartition(".")[0].rpartition(".")[0]
        anchors = [
            shape
            for p in structure.nodes.get(parent, [])
            for leaf, shape in p.shapes.items()
            if len(shape) == 3 and shape[0] == len(members) and shape[2] == 2
        ]
        each = anchors[0][1] if anchors else 3
        if total % each or total // each <= 5 or not anchors:
            continue
        facts = {"scales": str(len(members)), "anchors": str(each), "classes": str(total // each - 5)}
        facts["input channels"] = str(structure.convolutions[0].weight[1])
        version = (
            "YOLOv5" + _letter(structure) if _modules(structure, ("cv1", "cv2", "cv3", "m")) >= 6 else ""
        )
        return Family(
            name="YOLO",
            variant=version or "YOLO with anchors",
            evidence=f"a head of {len(members)} convolutions on {len(members)} scales with {total} outputs and a "
            f"table of {each} anchors for each",
            facts=facts,
        )
    return None


def _version(structure: Structure, head: Sequence[Piece]) -> str:
    """The version, by the modules that only one has, called as Ultralytics calls them."""
    attention = sum(p.kind == "attention" or p.name.endswith("qkv.conv") for p in structure.pieces)
    apart = any(
        is_convolution(p) and p.weight[1] == 1 and p.weight[0] > 1 and p.weight[2] == 3 for p in head
    )
    twice = any("one2one" in p.name for p in head)
    second, third = (
        _modules(structure, ("cv1", "cv2", "m")),
        _modules(structure, ("cv1", "cv2", "cv3", "m")),
    )
    if twice:
        return "YOLO with two heads"
    if not attention and not apart and second >= 6 and not third:
        return f"YOLOv8{_letter(structure)}"
    if attention in (1, 2, 3, 4) and apart and second >= 6:
        return "YOLO11"
    stem = structure.convolutions[0].weight[2:]
    if not attention and not apart and third >= 6 and not second and stem == (6, 6):
        return f"YOLOv5{_letter(structure)}u"
    return "YOLO without anchors"


def _letter(structure: Structure) -> str:
    return _LETTERS.get(structure.convolutions[0].weight[0], "")


def _modules(structure: Structure, children: tuple[str, ...]) -> int:
    """Direct modules of the network that hold just `children`."""
    inside: dict[str, set[str]] = {}
    for node in structure.nodes:
        parent, _, last = node.rpartition(".")
        inside.setdefault(parent, set()).add(last)
    return sum(found == set(children) for found in inside.values())
