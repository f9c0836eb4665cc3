"""Secrets taken out of trees of every shape: only they, and wherever they stand."""

import collections
import pickle
from pathlib import Path
from typing import Any

from pthreport.checkpoint import Checkpoint, Collection, Record, open_checkpoint, walk
from pthreport.redaction.redaction import Redaction
from pthreport.redaction.tree import redact
from tests.redaction.secrets import TOKENS

TOKEN = TOKENS["Hugging Face token"]
LABEL = f"[redacted: Hugging Face token hf_…, {len(TOKEN)} characters]"


class Thing:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Called:
    def __init__(self, *given: Any) -> None:
        self.given = given

    def __reduce__(self) -> Any:
        return (Thing, self.given, None, iter(["in a list", TOKEN]), iter([("key", TOKEN)]))


def opened(tmp_path: Path, value: Any) -> Checkpoint:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(value, 4))
    return open_checkpoint(path)


def texts(checkpoint: Checkpoint) -> list[str]:
    return [str(visit.value) for visit in walk(checkpoint.tree) if isinstance(visit.value, str)]


def test_containers_of_every_kind(tmp_path: Path) -> None:
    value = {
        "dict": {"a": TOKEN, 3: TOKEN},
        "list": [TOKEN, "kept"],
        "tuple": (TOKEN, ("kept", (TOKEN,))),
        "set": {TOKEN},
        "deque": collections.deque([TOKEN]),
        "ordered": collections.OrderedDict(a=TOKEN),
        "thing": Thing(a=TOKEN, b=[Thing(c=(1, TOKEN))]),
        "called": Called(TOKEN, (TOKEN, "kept")),
        "bytes": TOKEN.encode(),
        "text": f"see {TOKEN} there",
    }
    with opened(tmp_path, value) as checkpoint:
        redact(checkpoint, Redaction())
        found = texts(checkpoint)
        assert TOKEN not in "".join(found)
        assert found.count(LABEL) == 15
        assert found.count("kept") == 3
        assert f"see {LABEL} there" in found
        tree = checkpoint.tree
        assert tree["tuple"] == (LABEL, ("kept", (LABEL,)))
        assert isinstance(tree["deque"], Collection)
        assert tree["deque"].items == [LABEL]
        called = tree["called"]
        assert isinstance(called, Record)
        assert (called.args, called.items, called.pairs) == (
            (LABEL, (LABEL, "kept")),
            ["in a list", LABEL],
            [("key", LABEL)],
        )


def test_a_tuple_that_stands_in_several_places_is_redacted_in_all(tmp_path: Path) -> None:
    shared = ("kept", TOKEN)
    outer = (shared, shared)
    with opened(tmp_path, [shared, {"a": shared, "b": outer}, outer, (outer,)]) as checkpoint:
        redact(checkpoint, Redaction())
        new = ("kept", LABEL)
        assert checkpoint.tree == [new, {"a": new, "b": (new, new)}, (new, new), ((new, new),)]


def test_a_tree_that_holds_itself(tmp_path: Path) -> None:
    inner: list[Any] = [TOKEN]
    pair = (inner, TOKEN)
    inner.append(pair)
    with opened(tmp_path, {"a": inner, "b": pair}) as checkpoint:
        redact(checkpoint, Redaction())
        assert TOKEN not in "".join(texts(checkpoint))
        tree = checkpoint.tree
        assert tree["a"][0] == LABEL
        assert tree["a"][1][1] == LABEL
        assert tree["b"][1] == LABEL


def test_a_file_that_is_one_text(tmp_path: Path) -> None:
    with opened(tmp_path, TOKEN) as checkpoint:
        redact(checkpoint, Redaction())
        assert checkpoint.tree == LABEL
    with opened(tmp_path, (1, TOKEN)) as checkpoint:
        redact(checkpoint, Redaction())
        assert checkpoint.tree == (1, LABEL)


def test_nothing_is_changed_where_secrets_are_to_be_shown(tmp_path: Path) -> None:
    with opened(tmp_path, {"a": (TOKEN, 1), "password": "letmein"}) as checkpoint:
        redaction = Redaction(show_secrets=True)
        redact(checkpoint, redaction)
        assert checkpoint.tree == {"a": (TOKEN, 1), "password": "letmein"}
        assert [one.path for one in redaction.discretion().secrets] == ["a.0", "password"]
