"""Secrets that stand in a longer text behind their name: `password=...`, `"api_key": "..."`, `--token ...`,
`passwords: ["...", "..."]`.

Whatever the text, each of its characters is looked at a bounded number of times.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pthreport.redaction.secret_forms import Found
from pthreport.redaction.secret_names import Naming, by_name, naming

_TRIGGER = re.compile(
    r"passw|passphrase|pwd|secret|credential|authorization|api[_-]?key|access[_-]?key|private[_-]?key|token|wandb",
    re.IGNORECASE,
)
_MARKS = ("pass", "pwd", "secret", "credential", "authorization", "key", "token", "wandb")

_BEFORE = 80
"""Characters of a name before the word that makes it a secret's."""

_LISTED = 4096
"""Characters of a list or a table under a secret's name that are looked through."""

_NAME = re.compile(r"[A-Za-z0-9_.-]")
_REST_OF_NAME = re.compile(r"[A-Za-z0-9_.-]*")
_QUOTED = (
    r"""(?:"(?P<double>(?:[^"\\]|\\.){1,400}+)"|'(?P<single>(?:[^'\\]|\\.){1,400}+)'|"""
    r"""(?P<quote>\\{1,8}["'])(?P<inner>.{1,400}?)(?P=quote))"""
)
_BEHIND = re.compile(
    r"""(?:\\{0,8}["'])?(?P<sign>\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s)"""
    rf"""(?:{_QUOTED}|(?P<bare>[^\s"',;\\)}}\]<>]{{1,400}}))""",
    re.DOTALL,
)
_PIECE = re.compile(
    rf"""\s+|{_QUOTED}|(?P<open>[\[({{])|(?P<close>[\])}}])|(?P<sign>=>|:=|[:=])|"""
    r"""(?P<bare>[^\s"',:=;\\()\[\]{}<>]{1,400})|.""",
    re.DOTALL,
)
_CODE = re.compile(r"[A-Za-z_]\w*[.(\[]")
_WORDS = re.compile(r"[A-Za-z_ -]+")
_OPENS = "[({"


def in_text(text: str) -> Iterator[Found]:
    """The secrets of `text` that the names before them tell, in the order of the text."""
    small = text.casefold()
    if not any(mark in small for mark in _MARKS):
        return
    done = 0
    while trigger := _TRIGGER.search(text, done):
        start = trigger.start()
        while start > done and trigger.start() - start < _BEFORE and _NAME.match(text[start - 1]):
            start -= 1
        stop = _end(_REST_OF_NAME, text, trigger.end())
        found, done = _assigned(text, start, stop)
        yield from found


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    assert match is not None  # it may be empty
    return match.end()


def _assigned(text: str, start: int, stop: int) -> tuple[list[Found], int]:
    """The secrets that are assigned to the name in text[start:stop], and where to go on."""
    behind = _BEHIND.match(text, stop)
    if behind is None:
        return [], stop
    name, option = text[start:stop], text[start] == "-"
    if not behind["sign"].strip() and not option:
        return [], stop  # two words of prose
    told = naming(name.rpartition(".")[2].lstrip("-"))
    group = behind.lastgroup
    assert group is not None
    value = behind[group]
    if group == "bare" and value[0] in _OPENS and told.kind is not None and not option:
        return _listed(text, behind.start(group), told)
    indent = text[max(0, start - _BEFORE) : start].rpartition("\n")[2]
    line = ":" in behind["sign"] and not indent.strip(" \t-")
    if group == "bare" and not option and not _value_of(told.kind, value, line):
        return [], stop
    secret = _secret(value, behind.start(group), told)
    return ([secret], behind.end(group)) if secret is not None else ([], stop)


def _listed(text: str, start: int, told: Naming) -> tuple[list[Found], int]:
    """The secrets in the list or the table that begins at `start`, under a name of which `told` is told."""
    found: list[Found | None] = []
    open_ones: list[str] = []
    at, within, last = start, told, ""
    while at < len(text) and at - start < _LISTED:
        piece = _PIECE.match(text, at)
        assert piece is not None  # any character fits
        at, group = piece.end(), piece.lastgroup
        if group == "sign":  # the last word was no value but a name
            within = naming(last, told)
            del found[-1:]
        elif group == "open":
            open_ones.append(piece["open"])
        elif group == "close":
            del open_ones[-1:]
            if not open_ones:
                break
        elif group is not None:
            last = piece[group]
            # A bare word in braces or brackets of a text is a placeholder or a call's argument.
            plain = group == "bare" and (
                (within is told and open_ones[-1] != "[") or not _value_of(within.kind, last, line=False)
            )
            found.append(None if plain else _secret(last, piece.start(group), within))
            within = told
    return [one for one in found if one is not None], at


def _secret(value: str, start: int, told: Naming) -> Found | None:
    secret = by_name(value, told)
    if secret is None or (_TRIGGER.search(value) and _WORDS.fullmatch(value)):
        return None
    return replace(secret, start=start, stop=start + len(value))


def _value_of(kind: str | None, value: str, line: bool) -> bool:
    """Whether a bare word is a value, not a variable, an attribute or a call: it has digits and letters in
    one piece, or stands as a password on a line of its own in a configuration."""
    if _CODE.match(value) or value.isdecimal() or value[0] in _OPENS:
        return False
    return any(not c.isalpha() and c != "_" for c in value) or (line and kind == "password")
