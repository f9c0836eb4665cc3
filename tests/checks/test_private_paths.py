"""Absolute paths, users and hosts in what was saved with the weights."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved, weights


def with_arguments(**arguments: object) -> dict[str, object]:
    return {"model": weights(), "args": {"lr": 0.1, "data": "./data/train.csv", **arguments}}


EXAMPLES = Examples(
    faulty=saved(with_arguments(output_dir="/home/alice/runs/1")),
    sound=saved(with_arguments()),
    found="info",
)


def test_it_is_a_note_with_the_place_and_the_text(tmp_path: Path) -> None:
    value = with_arguments(output_dir="/home/alice/runs/1", cache="/mnt/nfs/cache/x", hostname="gpu12")
    found = finding(analyzed(tmp_path, value), "private-paths")
    assert (found.status, found.severity) == ("info", "info")
    assert found.evidence == "1 home folder, 1 absolute path, 1 host name"
    assert found.where == ("args.output_dir", "args.cache", "args.hostname")
    assert "/home/alice/runs/1" in str(found.details)


def test_where_paths_are_hidden_the_finding_hides_them(tmp_path: Path) -> None:
    value = with_arguments(output_dir="/home/alice/runs/1")
    found = finding(analyzed(tmp_path, value, redact_paths=True), "private-paths")
    assert found.where == ("args.output_dir",)
    assert "alice" not in str(found)
