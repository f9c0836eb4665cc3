"""The classes in TorchScript's serialized code, read as text line by line: nothing is compiled.

torch/csrc/jit/serialization/python_print.cpp writes a class as a header, then its declarations, each
on a line and indented by two spaces (`__parameters__`, `__buffers__`, `name : type`,
`name : Final[type] = literal`), then its methods.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pthreport.checkpoint.tensor import Role
from pthreport.checkpoint.values import Value

CONSTANTS = 100
"""Constants of one class that are kept."""

TEXT = 4_000
"""Characters of a line that are looked at."""

_CLASS = re.compile(r"class (\w+)(?:\(([\w. ,]*)\))?:\s*$")
_NAMES = re.compile(r"  __(parameters|buffers)__ = \[(.*)\]\s*$")
_CONSTANT = re.compile(r"  (\w+) : Final\[.*?\] = (.+)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TOKEN = re.compile(
    r'\s*(?:("(?:[^"\\]|\\.)*")|([+-]?(?:\d[\d.]*(?:e[+-]?\d+)?|inf|nan))|(\w+)|([()\[\],]))'
)
_WORDS = {"True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(slots=True)
class ScriptClass:
    """A class of the code. `parameters` and `buffers` are None where it does not say them."""

    name: str
    base: str = ""
    parameters: frozenset[str] | None = None
    buffers: frozenset[str] | None = None
    constants: dict[str, Value] = field(default_factory=dict)

    def role(self, name: str) -> Role | None:
        """What the class says of its tensor `name`, None where it says nothing of any."""
        if self.parameters is None and self.buffers is None:
            return None
        if name in (self.parameters or ()):
            return "parameter"
        return "buffer" if name in (self.buffers or ()) else "attribute"


def classes(text: str) -> Iterator[ScriptClass]:
    """The classes of one source file, in its order."""
    current: ScriptClass | None = None
    inside = False
    for whole in text.split("\n"):
        line = whole[:TEXT] if not whole.startswith("  __") else whole
        if not line.startswith(" "):
            if current is not None:
                yield current
            found = _CLASS.match(line)
            current = ScriptClass(found[1], found[2] or "") if found else None
            inside = current is not None
        elif inside and current is not None:
            if line.startswith("  def "):
                inside = False
            else:
                _declaration(current, line)
    if current is not None:
        yield current


def _declaration(current: ScriptClass, line: str) -> None:
    listed = _NAMES.match(line)
    if listed is not None:
        names = frozenset(_text(one) for one in _STRING.findall(listed[2]))
        if listed[1] == "parameters":
            current.parameters = names
        else:
            current.buffers = names
        return
    constant = _CONSTANT.match(line)
    if constant is not None and len(current.constants) < CONSTANTS:
        try:
            current.constants[constant[1]] = literal(constant[2])
        except ValueError:
            return


def literal(text: str) -> Value:
    """A number, string, None, bool, or a flat or nested tuple or list of them; raises `ValueError`."""
    at = 0
    open_lists: list[tuple[str, list[Value]]] = []
    while True:
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(text)
        at = token.end()
        value: Value
        if token[1] is not None:
            value = _text(token[1][1:-1])
        elif token[2] is not None:
            value = _number(token[2])
        elif token[3] is not None:
            if token[3] not in _WORDS:
                raise ValueError(text)
            value = _WORDS[token[3]]
        elif token[4] in "([":
            if len(open_lists) == 8:
                raise ValueError(text)
            open_lists.append((token[4], []))
            continue
        elif token[4] == ",":
            if not open_lists:
                raise ValueError(text)
            continue
        else:
            if not open_lists or open_lists[-1][0] != {")": "(", "]": "["}[token[4]]:
                raise ValueError(text)
            kind, items = open_lists.pop()
            value = tuple(items) if kind == "(" else items
        if not open_lists:
            if text[at:].strip():
                raise ValueError(text)
            return value
        open_lists[-1][1].append(value)


def _number(text: str) -> int | float:
    if len(text) > 40:
        raise ValueError(text)
    return float(text) if re.search(r"[.einf]", text) else int(text)


def _text(inner: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)
