"""Redaction takes twice the time for twice the text, whatever the text is made of."""

import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pthreport.checkpoint import open_checkpoint
from pthreport.redaction.private_texts import kind_of_private_name
from pthreport.redaction.redaction import Redaction
from pthreport.redaction.secret_names import naming
from pthreport.redaction.tree import redact
from tests.redaction.secrets import MIXED, TOKENS

MOST = 2.5
"""Times as long for twice as much; a square gives four."""


def growth(once: Callable[[], object], twice: Callable[[], object]) -> float:
    """How many times as long `twice` takes as `once`: of the processor's time in this one run, the best of several."""
    best = [float("inf"), float("inf")]
    for _ in range(12):
        for number, call in enumerate((once, twice)):
            start = time.process_time()
            call()
            best[number] = min(best[number], time.process_time() - start)
        if best[1] < MOST * best[0]:
            break
    return best[1] / best[0]


def test_a_square_is_noticed() -> None:
    def square(n: int) -> int:
        return sum(i * j for i in range(n) for j in range(n))

    assert growth(lambda: square(200) and None, lambda: square(400) and None) > MOST


UNITS = [
    # names that begin before each of their words
    "token", "wandb_", "secret-", "api_keypassword", "a.token",
    # names with something behind them, quoted, bare, listed
    "token:", "token=a1", "password: ", '"token": "', "token='\\", "token=\\\\\\", "secrets: [", "secret={'a':", "--token ",
    "Bearer ", "passwords = (1, ",
    # forms that may begin anywhere in a run of their letters
    "-eyJ", "eyJaaaaaaaa.", "-sk-ant-", "sk-", "-hf_", ".SG.aa", "-xoxb-1", "AccountKey=", "-----BEGIN PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY----- -----END ", "a://", "a://b:c", "?sig=", "https://hooks.slack.com/services/a",
    # paths, people, hosts
    "/home/a", "/home/", "/afs/a.", "/scratch", " /data", "C:\\Users\\", "C:/Users/a\\", "\\\\a", "a@", "a@a.", "aa.aa", "aa.",
    "a@aa.aa:", "10.", "://a", "://a.local", "://u@",
    # letters whose small forms are others, or longer
    "\u0130\u017f\u212a", "\ud800", " ", "\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
@pytest.mark.parametrize(("head", "name"), [("", "note"), ("u@aa", "password"), ('token="', "user")])
def test_a_text_of_one_repeated_word(unit: str, head: str, name: str) -> None:
    def look(length: int) -> Callable[[], object]:
        text = (head + unit * (length // len(unit) + 1))[:length] + ":x"
        told, private = naming(name), kind_of_private_name(name)

        def call() -> None:
            redaction = Redaction(redact_paths=True)
            redaction.key("key", text)
            redaction.value("path", text, told, private)
            redaction.anywhere()(text)

        return call

    assert growth(look(8000), look(16_000)) < MOST


def tokens(count: int) -> list[str]:
    """Different tokens with the same first characters."""
    return [f"{TOKENS['Hugging Face token'][:20]}{number:020d}" for number in range(count)]


@pytest.mark.parametrize(
    "secrets", [lambda n: " ".join(tokens(n)), lambda n: "".join(f"http://u:p{i}@h " for i in range(n))]
)
def test_a_text_of_many_secrets(secrets: Callable[[int], str]) -> None:
    def look(count: int) -> Callable[[], object]:
        text = secrets(count)
        return lambda: Redaction().value("path", text) and None

    assert growth(look(200), look(400)) < MOST


def test_many_secrets_and_people_found_again() -> None:
    def look(count: int) -> Callable[[], object]:
        redaction = Redaction(redact_paths=True)
        for number, token in enumerate(tokens(count)):
            redaction.value("path", token)
            redaction.value("path", f"alice{number}", private="user name")
        texts = " ".join(
            f"{token[:14]}, by alice{i}x and alice{i}" for i, token in enumerate(tokens(count))
        )
        anywhere = redaction.anywhere()
        assert "alice1 " not in anywhere(texts)
        assert "alice1x" in anywhere(texts)
        return lambda: anywhere(texts) and None

    assert growth(look(300), look(600)) < MOST


class Called:
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def __reduce__(self) -> Any:
        return (dict, (), None, None, iter(self.pairs))


LONG = f"a {TOKENS['GitHub token']} and a {MIXED}://{MIXED}:{MIXED}@h token=a1b2c3d4e5f6a7b8 " * 40


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(lambda n: tuple(tokens(n)), id="tuple"),
        pytest.param(lambda n: [Called([(f"k{i}", t) for i, t in enumerate(tokens(n))])], id="pairs"),
        pytest.param(lambda n: [LONG] * n, id="one long text"),
        pytest.param(lambda n: [LONG.encode()] * n, id="one byte string"),
        pytest.param(lambda n: {f"x{i}_token": LONG for i in range(n)}, id="under many names"),
        pytest.param(lambda n: [{LONG: i} for i in range(n)], id="one long key"),
        pytest.param(lambda n: [(token, i) for i, token in enumerate(tokens(n))], id="tuples"),
    ],
)
def test_a_tree_of_many_secrets(tree: Callable[[int], Any], tmp_path: Path) -> None:
    def look(count: int) -> Callable[[], object]:
        path = tmp_path / f"{count}.pkl"
        path.write_bytes(pickle.dumps(tree(count), 4))

        def call() -> None:
            with open_checkpoint(path) as checkpoint:
                redact(checkpoint, Redaction())

        return call

    assert growth(look(1000), look(2000)) < MOST
