"""Single-file safetensors (https://github.com/huggingface/safetensors, "Format"): an unsigned 64-bit
little-endian header length, a JSON header, and the tensors' bytes, without holes, little-endian."""

import json
import math
from collections import Counter
from typing import Any

from pthreport.checkpoint.containers.nibbles import Nibbles
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.dtypes import SAFETENSORS_BITS, SAFETENSORS_DTYPES, SAFETENSORS_PACKED, DType
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.geometry import LARGEST, addressable, contiguous_strides
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

LENGTH_BYTES = 8

METADATA = "__metadata__"
"""The key of the facts about a file, a mapping of texts to texts."""


def recognise(head: bytes, size: int) -> bool:
    """Whether a file with these first bytes is safetensors: a header length and the brace behind."""
    return (
        len(head) > LENGTH_BYTES
        and head[8:9] == b"{"
        and (int.from_bytes(head[:8], "little") <= size or head[9:10] in b'"} \n\t\r')
    )


class _Pairs(dict[str, Any]):
    """A JSON object that remembers which of its keys came twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [] if len(self) == len(pairs) else _repeated(pairs)


def _repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    counts = Counter(key for key, _ in pairs)
    return [key for key, count in counts.items() if count > 1]


class _Names:
    """Where names are in the header: looked for onwards from the one before, up to the first that is
    not found (written with escapes), so that the whole takes one pass."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0

    def offset(self, name: str) -> int | None:
        """The byte of the file at which the name is; None where that is not known."""
        at = self._text.find(json.dumps(name, ensure_ascii=False).encode("utf-8", "replace"), self._at)
        if at < 0:
            self._text = b""
            return None
        self._at = at
        return LENGTH_BYTES + at


def _header(reading: Reading) -> tuple[_Pairs, bytes]:
    """The parsed header and its text; raises `FormatError`."""
    source = reading.file.source
    length = int.from_bytes(source.read(0, LENGTH_BYTES), "little")
    left = source.length - LENGTH_BYTES
    if length > left:
        raise FormatError(
            f"safetensors, but the header is said to have {plural(length, 'byte')} "
            f"and only {left:,} follow: truncated or damaged",
            0,
            kind="truncated",
        )
    most = reading.file.limits.header_bytes
    if length > most:
        raise FormatError(
            f"safetensors with a header of {length:,} bytes ({met('header_bytes', most)})", 0, kind="limit"
        )
    text = source.read(LENGTH_BYTES, length)
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_Pairs)
    except UnicodeDecodeError as error:
        raise FormatError("safetensors whose header is not UTF-8", LENGTH_BYTES + error.start) from error
    except json.JSONDecodeError as error:
        at = len(text.decode("utf-8")[: error.pos].encode("utf-8"))
        raise FormatError(
            f"safetensors whose header is not JSON: {error.msg}", LENGTH_BYTES + at
        ) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(
            "safetensors whose header holds a number or nesting too large", LENGTH_BYTES
        ) from error
    if not isinstance(header, _Pairs):
        raise FormatError("safetensors whose header is no JSON object", LENGTH_BYTES)
    return header, text


def read(reading: Reading) -> None:
    """Read the header into a dict of tensors; the tensors' bytes stay in the file."""
    reading.result.container = "safetensors"
    header, text = _header(reading)
    begin = LENGTH_BYTES + len(text)
    reading.result.format["header"] = plural(len(text), "byte")
    names = _Names(text)
    for name in header.repeated:
        reading.problem(
            "a name that occurs twice in the header: the last one counts",
            "partial",
            offset=names.offset(name),
            where=name,
            kind="duplicate",
        )
    names = _Names(text)
    tree: dict[Any, Value] = {}
    reading.result.tree = tree
    data = Stretch(reading.file.source, begin, reading.file.source.length - begin)
    ranges: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        if name == METADATA:
            tree[name] = _plain(entry)
            texts = isinstance(entry, dict) and all(isinstance(one, str) for one in entry.values())
            if not texts and entry is not None:
                reading.problem(
                    "no mapping of texts to texts, which is all that the format allows there",
                    "refused",
                    offset=names.offset(name),
                    where=name,
                )
            continue
        try:
            tensor, end = _tensor(reading, entry, data, name)
        except FormatError as error:
            at = names.offset(name)
            reading.problem(f"no tensor: {error.text}", "damaged", offset=at, where=name, kind=error.kind)
            tree[name] = _plain(entry)
            continue
        tree[name] = tensor
        ranges.append((*end, name))
    _check_layout(reading, sorted(ranges), begin, data.length)
    reading.result.format["tensors"] = f"{len(ranges):,}"


def _plain(entry: Any) -> Value:
    """JSON as it is, with plain dicts: only as deep as a header may sensibly be."""
    if isinstance(entry, dict):
        return dict(entry)
    return entry


def _tensor(reading: Reading, entry: Any, data: Stretch, name: str) -> tuple[Tensor, tuple[int, int]]:
    """One tensor and its range of bytes; raises `FormatError` for an entry that describes none."""
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= entry.keys():
        raise FormatError("its entry has no dtype, shape and data_offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise FormatError("its shape is no list of sizes")
    if len(shape) > reading.file.limits.rank:
        raise FormatError(
            f"{len(shape)} dimensions ({met('rank', reading.file.limits.rank)})", kind="limit"
        )
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(one) is int for one in offsets):
        raise FormatError("its data_offsets are no pair of numbers")
    begin, end = offsets
    if not 0 <= begin <= end <= LARGEST:
        raise FormatError(f"its data_offsets {str(begin)[:24]} to {str(end)[:24]} are no range")
    if not addressable(shape, 16):
        raise FormatError("its shape has more elements than any memory addresses")
    numel = math.prod(shape)
    word = entry["dtype"]
    dtype, bits = _element_type(word)
    if bits * numel != 8 * (end - begin):
        raise FormatError(
            f"its shape and type need {bits * numel / 8:,.0f} bytes, its data_offsets span {end - begin:,}",
            kind="sizes-disagree",
        )
    stretch = Stretch(data, begin, max(0, min(end, data.length) - begin))
    if word == "F4":
        storage = Storage(("data", begin, name), dtype, numel, data=Nibbles(stretch))
    else:
        storage = Storage(("data", begin, name), dtype, (end - begin) // dtype.itemsize, data=stretch)
    return Tensor(tuple(shape), contiguous_strides(shape), 0, dtype, storage), (begin, end)


def _element_type(word: Any) -> tuple[DType, int]:
    """The element type and its bits."""
    if not isinstance(word, str):
        raise FormatError("its dtype is no text")
    if word in SAFETENSORS_PACKED:
        return SAFETENSORS_PACKED[word], SAFETENSORS_BITS[word]
    dtype = SAFETENSORS_DTYPES.get(word)
    if dtype is None:
        raise FormatError(f"the unknown dtype {word[:40]!r}")
    return dtype, 8 * dtype.itemsize


def _check_layout(reading: Reading, ranges: list[tuple[int, int, str]], begin: int, length: int) -> None:
    """The format wants the tensors side by side, from the first byte of data to the last."""
    at = 0
    for start, end, name in ranges:
        if start > at:
            reading.problem(
                f"{plural(start - at, 'byte')} before it belong to no tensor",
                "refused",
                offset=begin + at,
                where=name,
                kind="trailing",
            )
        elif start < at:
            reading.problem(
                "its bytes overlap those of another tensor",
                "refused",
                offset=begin + start,
                where=name,
                kind="overlap",
            )
        at = max(at, end)
    if at < length:
        reading.problem(
            f"{plural(length - at, 'byte')} at the end belong to no tensor",
            "refused",
            offset=begin + at,
            kind="trailing",
        )
