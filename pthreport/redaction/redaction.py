"""What is put in the place of secrets and private texts, and what was found of them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pthreport.document import Discretion, PrivateText, Secret
from pthreport.document.numbers import plural
from pthreport.redaction.private_texts import EVERYBODY, Mention, is_private_name, mentions
from pthreport.redaction.secret_forms import Found, by_form
from pthreport.redaction.secret_names import by_name, in_text, kind_of_name
from pthreport.redaction.words import words

LISTED = 500
"""Secrets, and private texts, that a report lists."""

LONGEST = 16 << 20
"""Characters of one text that are looked through: a report shows no more of any."""

_SHORT = 15
_SIGNS = re.compile(r"[/\\@=:\s]")
"""No secret, and no private text, is shorter than this without one of these signs, unless its name tells it."""

_TELLING = 12
"""First characters by which a secret is known again where a text was cut within it."""

_WORD = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=4096)
def is_telling(name: str) -> bool:
    """Whether what stands under `name` may be private or secret for the name alone."""
    return kind_of_name(name) is not None or "wandb" in words(name) or is_private_name(name)


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

    def value(self, path: str, name: str, text: str, around: str = "") -> str:
        """`text`, which stands at `path` of the file under `name` (in what is called `around`), redacted."""
        if len(text) < _SHORT and not (_SIGNS.search(text) or is_telling(name) or is_telling(around)):
            return text
        looked = text[:LONGEST]
        found = list(by_form(looked))
        whole = by_name(name, looked, around)
        if whole is not None:  # all of it goes, and a form says more of what it is
            found = [replace(found[0], start=0, stop=len(looked)) if found else whole]
        else:
            found = _apart([*found, *in_text(looked)])
        for one in found:
            self._note_secret(path, one)
        clean = self._without(text, found)
        private = list(mentions(name, clean[:LONGEST]))
        for mention in private:
            self._note_private(path, mention, clean)
        return self._hidden(clean, private) if self.redact_paths else clean

    def key(self, path: str, key: str) -> None:
        """Note what `key` itself holds; it stays where it stands, and `anywhere` redacts what is made of it."""
        if len(key) < _SHORT:
            return
        for one in _apart(by_form(key[:LONGEST])):
            self._note_secret(path, one)
            self._label(one, key[one.start : one.stop])
        for mention in mentions("", key[:LONGEST]):
            self._note_private(path, mention, key)

    def anywhere(self) -> Callable[[str], str]:
        """What redacts any text about the file, now that all its values have been seen: names, places,
        messages, also where they were cut within a secret."""
        known = {raw[:_TELLING]: (raw, label) for raw, label in self._labels.items() if len(raw) > _TELLING}
        names = sorted(self._names, key=lambda name: (-len(name), name))
        people = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z0-9])", re.I)

        def redact(text: str) -> str:
            if not self.show_secrets:
                text = self._without(text, _apart(by_form(text)))
                for telling, (raw, label) in known.items():
                    if telling in text:
                        text = _cut_out(text, raw, label)
            if self.redact_paths:
                text = self._hidden(text, mentions("", text))
                if names:
                    text = people.sub(lambda match: self._names[match[0].casefold()], text)
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

    def _note_secret(self, path: str, found: Found) -> None:
        measured = found.hint and found.kind != "private key"
        secret = Secret(
            path=path,
            kind=found.kind,
            by="name" if found.named else "form",
            hint=found.hint,
            length=found.stop - found.start if measured else None,
        )
        if len(self._secrets) < LISTED:
            self._secrets[secret] = None
        elif secret not in self._secrets:
            self._left_out += 1

    def _note_private(self, path: str, mention: Mention, text: str) -> None:
        shown = "" if self.redact_paths else text[mention.start : mention.stop][:200]
        private = PrivateText(path=path, kind=mention.kind, text=shown)
        if len(self._private) < LISTED:
            self._private[private] = None
        elif private not in self._private:
            self._left_out += 1
        word = mention.name.casefold()
        if len(word) > 2 and word not in EVERYBODY and word not in self.ordinary:
            self._names[word] = "[host]" if mention.kind == "host name" else "[user]"

    def _without(self, text: str, found: Iterable[Found]) -> str:
        """`text` with a label in the place of each secret."""
        if self.show_secrets:
            return text
        for one in sorted(found, key=lambda one: -one.start):
            # What was looked through may end within the last secret: nothing of it stays.
            stop = one.stop if one.stop < LONGEST else len(text)
            text = text[: one.start] + self._label(one, text[one.start : stop]) + text[stop:]
        return text

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
        for one in sorted(private, key=lambda one: -one.start):
            text = text[: one.start] + self._cover(one, text[one.start : one.stop]) + text[one.stop :]
        return text

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


def _cut_out(text: str, raw: str, label: str) -> str:
    """`text` without what it holds of `raw`, as far as it goes on like it."""
    at = text.find(raw[:_TELLING])
    while at >= 0:
        stop = at + _TELLING
        while stop < len(text) and stop - at < len(raw) and text[stop] == raw[stop - at]:
            stop += 1
        text = text[:at] + label + text[stop:]
        at = text.find(raw[:_TELLING], at + len(label))
    return text
