"""Walking: each value once, every path different, whatever the tree looks like."""

from typing import Any

from pthreport.checkpoint import DTYPES, Collection, Key, Limits, Mapping, Record, Tensor, walk


def tensor() -> Tensor:
    return Tensor((1,), (1,), 0, DTYPES["float32"], None)


def paths(tree: Any, limits: Limits | None = None) -> list[str]:
    return [visit.path for visit in walk(tree, limits)]


def test_paths_join_keys_with_dots() -> None:
    tree = {"state_dict": {"conv1.weight": tensor()}, "epochs": [1, (2,)], 3: None, None: b"x"}
    assert paths(tree) == [
        "",
        "state_dict",
        "state_dict.conv1.weight",
        "epochs",
        "epochs.0",
        "epochs.1",
        "epochs.1.0",
        "3",
        "None",
    ]


def test_two_places_with_one_path_are_told_apart() -> None:
    assert paths({"a": {"b.c": tensor()}, "a.b": {"c": tensor()}}) == ["", "a", "a.b.c", "a.b", "a.b.c (2)"]
    assert paths({0: tensor(), "0": tensor(), "0 (2)": tensor()}) == ["", "0", "0 (2)", "0 (2) (2)"]
    assert paths({"": tensor(), "x": {"": tensor(), "y": tensor()}}) == ["", " (2)", "x", "x.", "x.y"]


def test_shared_and_cyclic_values_are_entered_once() -> None:
    shared: dict[str, Any] = {"w": tensor()}
    shared["self"] = shared
    visits = list(walk({"a": shared, "b": [shared]}))
    assert [(visit.path, visit.repeat_of) for visit in visits] == [
        ("", None),
        ("a", None),
        ("a.w", None),
        ("a.self", "a"),
        ("b", None),
        ("b.0", "a"),
    ]


def test_a_record_shows_its_attributes_as_its_own() -> None:
    record = Record("m", "C", args=(1,), state={"w": tensor()}, items=[5], pairs=[("k", 6)])
    assert paths({"r": record}) == ["", "r", "r.args", "r.args.0", "r.w", "r.0", "r.k"]
    other = Record("m", "C", state=record.state)
    visits = list(walk([record, other]))
    assert [visit.path for visit in visits if visit.repeat_of is not None] == ["1.state"]


def test_attributes_of_mappings_and_tensors_are_visited() -> None:
    mapping = Mapping("collections.OrderedDict")
    mapping["w"] = tensor()
    mapping["w"].attributes = {"note": "x"}
    mapping.attributes["_metadata"] = {"version": 1}
    assert paths(mapping) == ["", "w", "w.note", "_metadata", "_metadata.version"]


def test_depth_nodes_and_lengths_are_bounded() -> None:
    deep: Any = []
    for _ in range(200_000):
        deep = [deep]
    visits = list(walk(deep, Limits(depth=50)))
    assert len(visits) == 51
    assert [visit.cut for visit in visits if visit.cut] == [1]
    assert sum(visit.cut > 0 for visit in walk(list(range(100)), Limits(nodes=10))) == 1
    long = {"k" * 1_000_000: {"x" * 5_000: tensor()}}
    assert all(len(path) < 1_100 for path in paths(long))
    assert all("…" in path for path in paths(long)[1:])


def test_keys_of_records_may_be_anything() -> None:
    bomb: Any = ()
    for _ in range(60):
        bomb = (bomb, bomb)
    record = Record("m", "C", pairs=[(bomb, 1), (2**100_000, 2), (tuple(range(20)), 3)])
    assert paths(record) == [
        "",
        "(<tuple>, <tuple>)",
        "<integer of 100,001 bits>",
        "(0, 1, 2, 3, 4, 5, 6, 7, …)",
    ]


def test_keys_of_every_kind_have_a_text() -> None:
    tree = {
        "\ud800": 1,
        b"\xff": 2,
        ("a", 1): 3,
        Key({"x": 1}): 4,
        Key(Collection("set", [])): 5,
        float("nan"): 6,
        True: 7,
    }
    found = paths(tree)
    assert found == ["", "\\ud800", "\\xff", "(a, 1)", "<dict>", "<set>", "nan", "True"]
    for path in found:
        path.encode()
