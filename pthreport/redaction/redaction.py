"""What is put in the place of secrets and private texts, and what was found of them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from msgspec import structs

from pthreport.document import Discretion, PrivateText, Secret
from pthreport.document.numbers import plural
from pthreport.redaction.again import LONGEST_PERSON, people_again, replaced, secrets_again
from pthreport.redaction.assignments import in_text
from pthreport.redaction.private_texts import EVERYBODY, Kind, Mention, mentions
from pthreport.redaction.secret_forms import Found, by_form
from pthreport.redaction.secret_names import UNNAMED, Naming, by_name

LISTED = 500
"""Secrets, and private texts, that a report lists."""

LONGEST = 16 << 20
"""Characters of one text that are looked through: a report shows no more of any."""

_SHORT = 15
_SIGNS = re.compile(r"[/\\@=:\s]")
"""No secret, and no private text, is shorter than this without one of these signs, unless its name tells it."""

_LONG = 200
"""Characters of a text that is looked through once, wherever it stands: a file of a few kilobytes may hold the
same text of a mebibyte in thousands of places."""

_WORD = re.compile(r"[a-z0-9]+")

_Note = TypeVar("_Note", Secret, PrivateText)


@dataclass(frozen=True, slots=True)
class _Looked:
    """A text that was looked through: what is left of it, and what was found in it, each once and without its
    path."""

    clean: str
    secrets: tuple[Secret, ...]
    private: tuple[PrivateText, ...]


@dataclass
class Redaction:
    """Redacts the texts of one file, the same value always in the same way, and remembers what it found.

    `show_secrets` leaves secrets as they are, `redact_paths` hides private texts; both are found all the
    same. `ordinary` are words that are nobody's name, such as those of tensors' names.
    """

    show_secrets: bool = False
    redact_paths: bool = False
    ordinary: frozenset[str] = frozenset()
    _secrets: dict[Secret, None] = field(default_factory=dict)
    _private: dict[PrivateText, None] = field(default_factory=dict)
    _left_out: int = 0
    _labels: dict[str, str] = field(default_factory=dict)
    _alike: dict[str, int] = field(default_factory=dict)
    _folders: dict[str, int] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, Naming, Kind | None], _Looked] = field(default_factory=dict)
    _known_keys: dict[str, _Looked] = field(default_factory=dict)

    def value(self, path: str, text: str, told: Naming = UNNAMED, private: Kind | None = None) -> str:
        """`text`, which stands at `path` of the file, redacted. `told` is what its name tells of secrets,
        `private` whether by its name it is a user or a host."""
        if len(text) < _SHORT and not (told.kind or told.wandb or private or _SIGNS.search(text)):
            return text
        looked = self._known.get((text, told, private))
        if looked is None:
            looked = self._look(text, told, private)
            if len(text) >= _LONG:
                self._known[text, told, private] = looked
        self._note(path, looked)
        return looked.clean

    def key(self, path: str, key: str) -> None:
        """Note what `key` itself holds; it stays where it stands, and `anywhere` redacts what is made of it."""
        if len(key) < _SHORT:
            return
        looked = self._known_keys.get(key)
        if looked is None:
            text = key[:LONGEST]
            secrets = _apart(by_form(text))
            for one in secrets:
                self._label(one, text[one.start : one.stop])
            looked = _Looked(key, _secrets_of(secrets), self._private_of(text, list(mentions(text))))
            if len(key) >= _LONG:
                self._known_keys[key] = looked
        self._note(path, looked)

    def anywhere(self) -> Callable[[str], str]:
        """What redacts any text about the file, now that all its values have been seen: names, places,
        messages, also where they were cut within a secret."""
        secrets, people = secrets_again(self._labels), people_again(self._names)

        def redact(text: str) -> str:
            if not self.show_secrets:
                text = secrets(self._without(text, _apart(by_form(text))))
            if self.redact_paths:
                text = people(self._hidden(text, mentions(text)))
            return text

        return redact

    def discretion(self) -> Discretion:
        """What was found, and what was done with it."""
        return Discretion(
            secrets=tuple(self._secrets),
            private=tuple(self._private),
            left_out=self._left_out,
            secrets_shown=self.show_secrets,
            paths_hidden=self.redact_paths,
        )

    def _look(self, text: str, told: Naming, private: Kind | None) -> _Looked:
        looked = text[:LONGEST]
        found = list(by_form(looked))
        whole = by_name(looked, told)
        if whole is not None:  # all of it goes, and a form says more of what it is
            found = [replace(found[0], start=0, stop=len(looked)) if found else whole]
        else:
            found = _apart([*found, *in_text(looked)])
        clean = self._without(text, found)
        mentioned = list(mentions(clean[:LONGEST], private))
        return _Looked(
            self._hidden(clean, mentioned) if self.redact_paths else clean,
            _secrets_of(found),
            self._private_of(clean, mentioned),
        )

    def _note(self, path: str, looked: _Looked) -> None:
        self._left_out += _list(self._secrets, path, looked.secrets)
        self._left_out += _list(self._private, path, looked.private)

    def _private_of(self, text: str, found: list[Mention]) -> tuple[PrivateText, ...]:
        for mention in found:
            word = mention.name.casefold()
            if 2 < len(word) <= LONGEST_PERSON and word not in EVERYBODY and word not in self.ordinary:
                self._names[word] = "[host]" if mention.kind == "host name" else "[user]"
        texts = ("" if self.redact_paths else text[one.start : one.stop][:200] for one in found)
        return tuple(
            dict.fromkeys(
                PrivateText(path="", kind=one.kind, text=shown)
                for one, shown in zip(found, texts, strict=True)
            )
        )

    def _without(self, text: str, found: Iterable[Found]) -> str:
        """`text` with a label in the place of each secret; they come in order."""
        if self.show_secrets:
            return text
        # What was looked through may end within the last secret: nothing of it stays.
        ends = ((one, one.stop if one.stop < LONGEST else len(text)) for one in found)
        return replaced(
            text, ((one.start, stop, self._label(one, text[one.start : stop])) for one, stop in ends)
        )

    def _label(self, found: Found, raw: str) -> str:
        if not found.hint:
            return f"[redacted: {found.kind}]"
        known = self._labels.get(raw)
        if known is None:
            size = "" if found.kind == "private key" else f", {plural(len(raw), 'character')}"
            words = f"{found.kind} {found.hint}{size}"
            self._alike[words] = self._alike.get(words, 0) + 1
            number = f", no. {self._alike[words]}" if self._alike[words] > 1 else ""
            known = self._labels[raw] = f"[redacted: {words}{number}]"
        return known

    def _hidden(self, text: str, private: Iterable[Mention]) -> str:
        """`text` with private texts hidden; of a path the last part is left."""
        return replaced(
            text, ((one.start, one.stop, self._cover(one, text[one.start : one.stop])) for one in private)
        )

    def _cover(self, mention: Mention, raw: str) -> str:
        if mention.kind == "user name":
            return "[user]"
        if mention.kind == "host name":
            return "[host]"
        if mention.kind == "e-mail address":
            return "[e-mail]"
        parts = [part for part in re.split(r"[/\\]+", raw) if part]
        home = mention.kind == "home folder" and parts[-1] in (mention.name, "root")
        folder = raw if home or len(parts) < 2 else raw.rstrip("/\\")[: -len(parts[-1])].rstrip("/\\")
        number = self._folders.setdefault(folder.rstrip("/\\"), len(self._folders) + 1)
        return f"[folder {number}]" + ("" if folder is raw else f"/{parts[-1]}")


def words_of(paths: Iterable[str]) -> frozenset[str]:
    """The words of tensors' paths: nobody's names, though somebody may be called like one."""
    return frozenset(_WORD.findall(" ".join(paths).casefold()))


def _secrets_of(found: Iterable[Found]) -> tuple[Secret, ...]:
    """What is said of the secrets of one text, each once."""
    return tuple(
        dict.fromkeys(
            Secret(
                path="",
                kind=one.kind,
                by="name" if one.named else "form",
                hint=one.hint,
                length=one.stop - one.start if one.hint and one.kind != "private key" else None,
            )
            for one in found
        )
    )


def _list(listed: dict[_Note, None], path: str, found: tuple[_Note, ...]) -> int:
    """List what was found at `path`; how many there is no place for."""
    for number, one in enumerate(found):
        if len(listed) == LISTED:
            return len(found) - number
        listed[structs.replace(one, path=path)] = None
    return 0


def _apart(found: Iterable[Found]) -> list[Found]:
    """The secrets in the order of the text, none within another; a form says more than a name."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, one.named, -one.stop)):
        if kept and one.start < kept[-1].stop:
            if kept[-1].named and not one.named and one.stop >= kept[-1].stop:
                kept[-1] = one
            continue
        kept.append(one)
    return kept
