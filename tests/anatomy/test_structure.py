"""Layers with their shapes, and the tree of their names."""

from collections.abc import Sequence

from pthreport.anatomy.layers import Entry, group
from pthreport.anatomy.structure import Piece, Structure, natural, structure_of


def structure(shapes: dict[str, tuple[int, ...]]) -> Structure:
    entries = [Entry(n, n, s, 1, 4, "parameter", None) for n, s in shapes.items()]
    return structure_of(group(entries, {}))


def two_blocks(pieces: Sequence[Piece]) -> int | None:
    return len(pieces) if len(pieces) == 2 else None


def test_numbered_modules_come_in_the_order_of_their_numbers() -> None:
    found = structure({f"layers.{i}.conv{j}.weight": (4, 4, 3, 3) for i in (10, 9, 1) for j in (11, 2)})
    assert [p.name for p in found.pieces] == [f"layers.{i}.conv{j}" for i in (1, 9, 10) for j in (2, 11)]
    assert next(iter(found.stacks())) == ["layers.1", "layers.9", "layers.10"]
    assert natural("layer.9") < natural("layer.10")


def test_a_matrix_kept_in_out_is_read_out_in() -> None:
    shapes = {"h.0.mlp.c_fc.weight": (8, 32), "h.0.mlp.c_fc.bias": (32,), "head.weight": (5, 8)}
    first, second = structure(shapes).pieces
    assert (first.matrix, first.turned, first.biased) == ((32, 8), True, True)
    assert (second.matrix, second.turned, second.biased) == ((5, 8), False, False)


def test_the_topmost_modules_that_are_known_and_what_is_outside_of_them() -> None:
    names = ("stem", "stage.0.a", "stage.0.b", "stage.1.a", "stage.1.b", "head")
    found = structure({f"{n}.weight": (4, 4, 1, 1) for n in names})
    blocks = found.topmost(two_blocks, 4)
    assert blocks == [("stage.0", 2), ("stage.1", 2)]
    assert [p.name for p in found.outside(n for n, _ in blocks)] == ["head", "stem"]


def test_a_module_stands_alone_with_its_name_taken_off() -> None:
    found = structure({"net.body.a.weight": (4, 4), "net.body.b.weight": (4, 4), "other.weight": (3, 3)})
    assert [p.name for p in found.at("net.body").pieces] == ["a", "b"]
    assert found.at("net.body").numel == 32
