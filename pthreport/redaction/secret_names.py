"""Secrets that are told by the name they stand under: a password has no form of its own."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from pthreport.redaction.secret_forms import Found
from pthreport.redaction.words import is_stand_in, words

_ALONE = {
    "password": "password",
    "passwords": "password",
    "passwd": "password",
    "passphrase": "password",
    "pwd": "password",
    "secret": "secret",
    "secrets": "secret",
    "credential": "credential",
    "credentials": "credential",
    "authorization": "credential",
    "apikey": "key",
    "apikeys": "key",
    "accesskey": "key",
    "secretkey": "key",
    "privatekey": "key",
    "authtoken": "token",
    "accesstoken": "token",
}
"""Words that make a name a secret's, and the kind."""

_BEFORE_KEY = frozenset(
    "api access secret private auth account encryption signing ssh wandb service comet neptune".split()
)
_BEFORE_TOKEN = frozenset(
    "api auth access refresh hub hf huggingface github gitlab slack bot wandb session secret personal bearer jwt oauth "
    "security deploy telegram discord comet neptune mlflow clearml ngc login user admin read write".split()
)
"""What makes a key or a token one that opens something."""

_INNOCENT = frozenset(
    "file path dir directory folder name id ids env var variable type length len size count index idx min max num mask "
    "loss weight dropout prob embedding policy field label prompt column tokenizer enabled required pad bos eos sep cls "
    "unk special image audio video start end prefix suffix vocab class tokens expires expiry url uri public".split()
)
"""Words with which a name is that of something beside a secret: its file, its length, a word of a vocabulary."""

_PATH = re.compile(
    r"(?:~|\.{0,2}/|[A-Za-z]:\\).*|[\w./\\ -]+\.(?:json|ya?ml|toml|ini|env|pem|key|txt|cfg)", re.DOTALL
)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_\-.~+/=:|]+")
_HEX40 = re.compile(r"(?:local-)?[0-9a-f]{40}")
_TRIGGER = re.compile(
    r"passw|passphrase|pwd|secret|credential|authorization|api[_-]?key|access[_-]?key|private[_-]?key|token|wandb",
    re.I,
)
_MARKS = ("pass", "pwd", "secret", "credential", "authorization", "key", "token", "wandb")
_NAME = re.compile(r"[A-Za-z0-9_.-]")
_ASSIGNED = re.compile(
    r"""(?P<name>[A-Za-z0-9_.-]+)(?:\\*["'])?(?P<sign>\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s)"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.){1,400})"|'(?P<single>(?:[^'\\]|\\.){1,400})'|"""
    r"""(?P<quote>\\+["'])(?P<inner>.{1,400}?)(?P=quote)|(?P<bare>[^\s"',;\\)}\]<>]{1,400}))""",
    re.DOTALL,
)
_CODE = re.compile(r"[A-Za-z_]\w*[.(\[]")
_WORDS = re.compile(r"[A-Za-z_ -]+")
_AROUND = 80


@lru_cache(maxsize=4096)
def kind_of_name(name: str) -> str | None:
    """The kind of secret that a value called `name` would be, None for a name that is none's."""
    parts = words(name)
    if not parts or parts[-1] in _INNOCENT or name in ("PWD", "OLDPWD"):
        return None
    for part in parts:
        if part in _ALONE and not (set(parts) & {"mask", "vocab", "tokenizer"}):
            return _ALONE[part]
    for before, part in pairwise(parts):
        if part in ("key", "keys") and before in _BEFORE_KEY:
            return "key"
    if "token" in parts and not set(parts) & _INNOCENT:
        return "token"
    return None


def by_name(name: str, value: str, around: str = "") -> Found | None:
    """The whole of `value` as a secret, if it stands under such a name and is none of what stands there
    otherwise: a placeholder, a path, a word of a vocabulary. `around` is the name of what holds it."""
    kind = kind_of_name(name)
    if kind is None and "wandb" in {*words(name), *words(around)} and _HEX40.fullmatch(value):
        kind = "key"
    if (
        kind is None
        and not _INNOCENT & set(words(name))
        and kind_of_name(around) in ("secret", "credential", "password")
    ):
        kind = kind_of_name(around)
    if kind is None or is_stand_in(value):
        return None
    whole = Found(0, len(value), kind, named=True)
    if kind == "password":
        return whole if len(value) >= 4 else None
    if _PATH.fullmatch(value) or len(value) < 6:
        return None
    if kind == "token":
        mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
        least = 8 if _BEFORE_TOKEN & set(words(name)) else 16
        return whole if mixed and len(value) >= least and _PLAIN_KEY.fullmatch(value) else None
    return (
        whole
        if kind == "secret" or " " not in value or value.casefold().startswith(("basic ", "bearer "))
        else None
    )


def in_text(text: str) -> Iterator[Found]:
    """Secrets that stand in a longer text behind their name: `password=...`, `"api_key": "..."`,
    `--token ...`."""
    small = text.casefold()
    if not any(mark in small for mark in _MARKS):
        return
    done = 0
    for trigger in _TRIGGER.finditer(text):
        start = trigger.start()
        while start > done and trigger.start() - start < _AROUND and _NAME.match(text[start - 1]):
            start -= 1
        found = _ASSIGNED.match(text, start) if trigger.start() >= done else None
        if found is None:
            continue
        group = found.lastgroup if found.lastgroup != "quote" else "inner"
        assert group is not None
        name, value = found["name"], found[group]
        option = name.startswith("-")
        if not found["sign"].strip() and not option:
            continue  # two words of prose
        name = name.rpartition(".")[2].lstrip("-")
        indent = text[max(0, start - _AROUND) : start].rpartition("\n")[2]
        line = ":" in found["sign"] and not indent.strip(" \t-")
        if group == "bare" and not option and not _value_of(kind_of_name(name), value, line):
            continue
        secret = by_name(name, value)
        if secret is not None and not (_TRIGGER.search(value) and _WORDS.fullmatch(value)):
            done = found.end(group)
            yield Found(found.start(group), done, secret.kind, named=True)


def _value_of(kind: str | None, value: str, line: bool) -> bool:
    """Whether a bare word is a value, not a variable, an attribute or a call: it has digits and letters in
    one piece, or stands as a password on a line of its own in a configuration."""
    if re.search(r"[.(\[]", value) and _CODE.match(value):
        return False
    if value.isdecimal() or value.startswith("("):
        return False
    return any(not c.isalpha() and c != "_" for c in value) or (line and kind == "password")
