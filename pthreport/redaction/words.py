"""Names cut into words, and the words that people write where a value is to be filled in."""

import re
from functools import lru_cache

LONGEST_NAME = 200
"""Characters of a name, its last ones, that are looked at: the last word says what a name is."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

_STAND_IN = re.compile(
    r"<.*>|\$\{?.*|\{.*|%.*%|\*+|(.)\1*|\.{2,}|none|null|nil|true|false|undefined|n/?a|todo|tbd|"
    r"change[-_ ]?me|(your|my|the|some|insert|enter)[-_ ].*|example.*|dummy.*|placeholder|hidden|"
    r"\[?redacted.*|env[:.].*|os\.environ.*|secret|password|passwd|token|key|api[-_]?key|string|str|bytes|bool|int|optional|required",
    re.IGNORECASE | re.DOTALL,
)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: `hubToken`, `HUB_TOKEN` and `hub-token` are hub, token."""
    return _words(name[-LONGEST_NAME:])


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in _WORD.findall(name))


def is_stand_in(value: str) -> bool:
    """Whether `value` is what stands where a secret would: nothing, a placeholder, a variable's name."""
    stripped = value.strip()
    return not stripped or _STAND_IN.fullmatch(stripped) is not None
