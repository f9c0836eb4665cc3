"""Secrets and private texts taken out of a checkpoint's tree before anything else looks at it.

The tree's own containers are changed, so that every later room sees the same; tensors are not touched.
"""

from dataclasses import replace

from pthreport.checkpoint import (
    Checkpoint,
    Collection,
    Global,
    LongBytes,
    ReadError,
    Record,
    Tensor,
    Value,
    Visit,
    walk,
)
from pthreport.checkpoint.source import Held
from pthreport.document.numbers import plural
from pthreport.redaction.changes import with_changes
from pthreport.redaction.private_texts import Kind, kind_of_private_name
from pthreport.redaction.redaction import LONGEST, Redaction, words_of
from pthreport.redaction.secret_names import UNNAMED, Naming, naming

LONG_BYTES = 64 << 20
"""Bytes of long byte strings, the source texts of archives, that are looked through in all."""

SHORT_BYTES = 1 << 16
"""Bytes of one other byte string that are looked through; a report shows a hundred of them at most."""

_CONTAINERS = (dict, list, tuple, Collection, Record, Tensor)
_WITH_SOURCE = (Global, Record, LongBytes)


class BytesText(str):
    """What is left of a byte string that held a secret."""

    __slots__ = ()
    type_name = "bytes"


def redact(checkpoint: Checkpoint, redaction: Redaction) -> None:
    """Redact every text and byte string of the tree of `checkpoint`, which is changed for good."""
    if redaction.redact_paths:
        redaction.ordinary = words_of(checkpoint.tensors)
    changes: list[tuple[Visit, Value]] = []
    texts = _Texts(redaction)
    sources = _Sources(redaction)
    for visit in walk(checkpoint.tree, checkpoint.limits):
        value = visit.value
        if isinstance(visit.key, str):
            redaction.key(visit.path, visit.key)
        if isinstance(value, str | bytes):
            new = texts.redacted(visit)
        else:
            texts.between(visit)
            new = sources.redacted(visit) if isinstance(value, _WITH_SOURCE) else None
        if new is not None:
            changes.append((visit, new))
    if changes:
        checkpoint.tree = with_changes(checkpoint.tree, changes, checkpoint.limits)


class _Names:
    """What their names tell of texts, as a walk comes to them.

    What stands in a list goes by the list's name, unless the text before it is an option
    (["--password", ...]) or the two are a pair (("password", ...)) and tell more; a "value" goes by the "name"
    beside it.
    """

    def __init__(self) -> None:
        self._told: dict[str | None, Naming] = {None: UNNAMED}
        self._names: dict[str | None, str] = {None: ""}
        self._pairs: set[str | None] = set()
        self._before: dict[str | None, str] = {}
        self._beside: dict[str | None, str] = {}

    def enter(self, visit: Visit) -> None:
        """A container."""
        self.pass_by(visit)
        if visit.repeat_of is None:
            self._names[visit.path], self._told[visit.path] = self._of_its_own(visit)
            if isinstance(visit.value, list | tuple) and len(visit.value) == 2:
                self._pairs.add(visit.path)

    def pass_by(self, visit: Visit) -> None:
        """A value that is no text, and none that the next one goes by."""
        if self._before:
            self._before.pop(visit.parent, None)

    def of(self, visit: Visit) -> tuple[Naming, Kind | None]:
        """What is told of a text or byte string, and whether by its name it is a user or a host."""
        parent, value = visit.parent, visit.value
        name, told = self._of_its_own(visit)
        short = isinstance(value, str) and len(value) < 80
        last = ""
        if type(visit.key) is int:
            last = self._before.pop(parent, "")
            last = last if last.startswith("-") or parent in self._pairs else ""
            if short:
                self._before[parent] = value
        elif name == "value":
            last = self._beside.get(parent, "")
        elif short and name in ("name", "key"):
            self._beside[parent] = value
        if last:
            of_last = naming(last.lstrip("-"), self._told[parent])
            if of_last.kind or not told.kind:
                name, told = last.lstrip("-"), of_last
        return told, kind_of_private_name(name)

    def _of_its_own(self, visit: Visit) -> tuple[str, Naming]:
        """The name of a value without what stands before it, and what that tells."""
        told = self._told[visit.parent]
        if type(visit.key) is int:
            return self._names[visit.parent], told
        return visit.key_text, naming(visit.key_text, told)


class _Texts:
    """The texts and byte strings of a tree, redacted."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._names = _Names()
        self._decoded: dict[bytes, str] = {}

    def redacted(self, visit: Visit) -> Value:
        """What to put in the place of a text or a byte string, None where it stays."""
        value = visit.value
        told, private = self._names.of(visit)
        text = value if isinstance(value, str) else self._text(value)
        clean = self._redaction.value(visit.path, text, told, private)
        if clean == text:
            return None
        if isinstance(value, str):
            return clean
        return BytesText(
            clean
            if text.isprintable()
            else f"[redacted: {plural(len(value), 'byte')} with a secret in them]"
        )

    def between(self, visit: Visit) -> None:
        """A value that is neither."""
        if isinstance(visit.value, _CONTAINERS):
            self._names.enter(visit)
        else:
            self._names.pass_by(visit)

    def _text(self, value: bytes) -> str:
        """A byte string as text, also one of two or four bytes a character; the same one each time."""
        text = self._decoded.get(value)
        if text is None:
            text = value[:SHORT_BYTES].replace(b"\0", b"").decode("latin-1")
            if len(value) > 200:
                self._decoded[value] = text
        return text


class _Sources:
    """The source texts of classes, and of archives' members, without their secrets; each is read once."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._clean: dict[str | None, str | None] = {None: None}
        self._left = LONG_BYTES

    def redacted(self, visit: Visit) -> Value:
        """What to put in the place of a class or a member, None where it stays; an object's is changed."""
        value = visit.value
        if isinstance(value, LongBytes):
            if not visit.key_text.endswith(".py") or self._left <= 0:
                return None
            new, size = _code(self._redaction, visit.path, value)
            self._left -= size
            return new
        if not (value.source or value.source_file):
            return None
        source = self._text(visit.path, "source text", value.source)
        file = self._text(visit.path, "source file", value.source_file)
        if isinstance(value, Record):
            value.source, value.source_file = source, file
        elif (source, file) != (value.source, value.source_file):
            return replace(value, source=source, source_file=file)
        return None

    def _text(self, path: str, said: str, text: str | None) -> str | None:
        if text not in self._clean:
            self._clean[text] = self._redaction.value(f"{path} ({said})", text or "")
        return self._clean[text]


def _code(redaction: Redaction, path: str, value: LongBytes) -> tuple[LongBytes | None, int]:
    """The code of an archive's member without its secrets, None where it has none, and how much was read."""
    try:
        content = value.read(0, LONGEST)
    except ReadError:
        return None, 0
    text = content.decode("utf-8", "replace")
    clean = redaction.value(path, text)
    return None if clean == text else LongBytes(Held(clean.encode("utf-8"))), len(content)
