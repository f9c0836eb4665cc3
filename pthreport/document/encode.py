"""A report as JSON text, and the schema of that text."""

import math
import re
from typing import Any

import msgspec
from msgspec.structs import replace

from pthreport.document.model import Layer
from pthreport.document.report import Report
from pthreport.document.tensor import TensorRecord

_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
"""How the infinite and the NaN begin in MessagePack (float 64, big-endian); other values may hold these
bytes too. https://github.com/msgpack/msgpack/blob/master/spec.md"""


def to_json(report: Report, *, indent: int = 0) -> bytes:
    """UTF-8 JSON of `report`, ending in a newline.

    A number that is not finite is written as the string "NaN", "Infinity" or "-Infinity", since JSON
    has no such numbers.
    """
    # The tensors and the layers, of which there may be tens of thousands, are encoded one by one.
    plain = _plain(replace(report, tensors=(), models=()))
    plain["tensors"] = [_part(tensor) for tensor in report.tensors]
    plain["models"] = [
        _plain(replace(model, layer_list=())) | {"layers": [_part(layer) for layer in model.layer_list]}
        for model in report.models
    ]
    encoded = msgspec.json.encode(plain)
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded) + b"\n"


def _part(part: TensorRecord | Layer) -> msgspec.Raw:
    # msgspec writes every number itself, and NaN as null; it is fast, so what need not be changed is left to it.
    try:
        if not _NOT_FINITE.search(msgspec.msgpack.encode(part)):
            return msgspec.Raw(msgspec.json.encode(part))
    except UnicodeEncodeError:
        pass
    return msgspec.Raw(msgspec.json.encode(_plain(part)))


def _plain(part: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = _finite(msgspec.to_builtins(part))
    try:
        msgspec.json.encode(plain)
    except UnicodeEncodeError:
        plain = _encodable(plain)
    return plain


def json_schema() -> bytes:
    """The JSON Schema (2020-12) of `to_json`'s text, as UTF-8 JSON."""
    schema = msgspec.json.schema(Report)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pthreport report",
        **_number_or_word(schema),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _finite(value: Any) -> Any:
    # By hand rather than through a hook: msgspec writes every float itself, and NaN as null.
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _encodable(value: Any) -> Any:
    # A pickle may hold half a surrogate pair, UTF-8 cannot: it is spelled out.
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _number_or_word(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_number_or_word(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "number":
        return {"anyOf": [schema, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
    return {key: _number_or_word(item) for key, item in schema.items()}
