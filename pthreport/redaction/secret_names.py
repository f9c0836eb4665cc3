"""Secrets that are told by the name they stand under: a password has no form of its own."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pthreport.redaction.secret_forms import Found
from pthreport.redaction.words import LONGEST_NAME, is_stand_in, words

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
_BEFORE_TOKENS = frozenset(
    "api auth access refresh hf huggingface github gitlab slack wandb bearer jwt oauth".split()
)
_BEFORE_TOKEN = _BEFORE_TOKENS | frozenset(
    "hub bot session secret personal security deploy telegram discord comet neptune mlflow clearml ngc login user admin "
    "read write".split()
)
"""What makes a key or a token one that opens something; several tokens are words of a text more often than one."""

_INNOCENT = frozenset(
    "file path dir directory folder name id ids env var variable type length len size count index idx min max num mask "
    "loss weight dropout prob embedding policy field label prompt column tokenizer enabled required pad bos eos sep cls "
    "unk special image audio video start end prefix suffix vocab class tokens expires expiry url uri public files paths "
    "names types fields labels columns urls".split()
)
"""Words with which a name is that of something beside a secret: its file, its length, a word of a vocabulary."""

_SPREADING = frozenset({"secret", "credential", "password"})
_PLURAL = frozenset({"keys", "apikeys", "tokens"})

_DIGEST = frozenset("commit sha sha1 hash digest revision checksum git".split())
"""Words with which forty hexadecimal digits are no key."""

_PATH = re.compile(
    r"(?:~|\.{0,2}/|[A-Za-z]:\\).*|[\w./\\ -]+\.(?:json|ya?ml|toml|ini|env|pem|key|txt|cfg)", re.DOTALL
)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_\-.~+/=:|]+")
_HEX40 = re.compile(r"(?:local-)?[0-9a-f]{40}")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Naming:
    """What its name, and the names around it, tell of a value.

    `kind` is the kind of secret that it would be, None for none; `least` the characters that a token has at
    least; `wandb` says that forty hexadecimal digits are a key. `within` is the kind that all of what a
    container of this name holds would be, unless its own name tells otherwise; `holds_wandb` the same for
    what stands directly in it.
    """

    kind: str | None = None
    least: int = 16
    wandb: bool = False
    within: str | None = None
    holds_wandb: bool = False


UNNAMED = Naming()
"""What is told of a value that has no name."""


def naming(name: str, holder: Naming = UNNAMED) -> Naming:
    """What `name` tells of a value, in a container of which `holder` is told."""
    return _naming(name[-LONGEST_NAME:], holder)


@lru_cache(maxsize=4096)
def _naming(name: str, holder: Naming) -> Naming:
    parts = words(name)
    own = _kind(name, parts)
    inherited = None if _INNOCENT & set(parts) else holder.within
    spreads = own in _SPREADING or (own is not None and parts[-1] in _PLURAL)
    wandb = "wandb" in parts
    return Naming(
        kind=own if own in _SPREADING else inherited or own,
        least=8 if _BEFORE_TOKEN & set(parts) else 16,
        wandb=(wandb or holder.holds_wandb) and not _DIGEST & set(parts),
        within=own if spreads else holder.within,
        holds_wandb=wandb,
    )


def kind_of_name(name: str) -> str | None:
    """The kind of secret that a value called `name` would be, None for a name that is none's."""
    return naming(name).kind


def _kind(name: str, parts: tuple[str, ...]) -> str | None:
    if parts[-1:] == ("tokens",) and set(parts[-2:-1]) & _BEFORE_TOKENS:
        return "token"
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


def by_name(value: str, told: Naming) -> Found | None:
    """The whole of `value` as a secret, if `told` says that it would be one and it is none of what stands
    under such names otherwise: a placeholder, a path, a word of a vocabulary."""
    kind = told.kind
    if kind is None and told.wandb and _HEX40.fullmatch(value):
        kind = "key"
    if kind is None or is_stand_in(value):
        return None
    whole = Found(0, len(value), kind, named=True)
    if kind == "password":
        return whole if len(value) >= 4 else None
    if len(value) < 6 or _PATH.fullmatch(value):
        return None
    if kind == "token":
        mixed = _DIGIT.search(value) and _LETTER.search(value)
        return whole if mixed and len(value) >= told.least and _PLAIN_KEY.fullmatch(value) else None
    spaced = (
        kind != "secret" and " " in value and not value[:7].casefold().startswith(("basic ", "bearer "))
    )
    return None if spaced else whole
