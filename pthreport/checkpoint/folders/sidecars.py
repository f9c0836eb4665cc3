"""The sidecar files of the weights in a Hugging Face folder: configuration, tokenizer, and what its
Trainer saves to go on (https://huggingface.co/docs/transformers/main_classes/trainer)."""

import re
from typing import Any

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.folders.folder import Folder, short
from pthreport.checkpoint.folders.part import read_file, read_json
from pthreport.checkpoint.limits import MIB
from pthreport.checkpoint.values import Value

CONFIGURATIONS = (
    "config.json",
    "generation_config.json",
    "adapter_config.json",
    "preprocessor_config.json",
    "trainer_state.json",
)
"""JSON files that are shown whole, under their name without its ending."""

SAVED = re.compile(r"(training_args|optimizer|scheduler|scaler|rng_state(_\d{1,6})?)\.(bin|pt|pth)")
"""Torch files that hold no weights."""

JSON_BYTES = 4 * MIB
"""The largest configuration that is shown."""

_TOKENIZER_FACTS = (
    "tokenizer_class",
    "model_max_length",
    "do_lower_case",
    "padding_side",
    "truncation_side",
    "bos_token",
    "eos_token",
    "unk_token",
    "pad_token",
    "sep_token",
    "cls_token",
    "mask_token",
)


def is_sidecar(name: str) -> bool:
    """Whether a file of this name is a sidecar file rather than weights."""
    return name in CONFIGURATIONS or SAVED.fullmatch(name) is not None


def add_sidecars(reading: Reading, folder: Folder, weights: str) -> None:
    """Put what the sidecar files hold into the tree, each under a key of its own; `weights` is the
    key for them where they are no mapping themselves."""
    found: dict[str, Value] = {}
    for name in CONFIGURATIONS:
        if name in folder.names:
            _configuration(reading, folder, name, found)
    tokenizer = _tokenizer(reading, folder)
    if tokenizer:
        found["tokenizer"] = tokenizer
    for name in folder.names:
        if SAVED.fullmatch(name) is not None:
            part = read_file(reading, folder, name)
            if part is not None:
                found[name.rpartition(".")[0]] = part.result.tree
    if not found:
        return
    if not isinstance(reading.result.tree, dict):
        reading.result.tree = {weights: reading.result.tree}
    for key, value in found.items():
        reading.result.tree[_free(reading.result.tree, key)] = value
    reading.result.format["sidecar files"] = ", ".join(found)


def _free(tree: dict[Any, Value], key: str) -> str:
    """`key`, or the next like it that the weights do not use."""
    while key in tree:
        key += " (file)"
    return key


def _configuration(reading: Reading, folder: Folder, name: str, found: dict[str, Value]) -> None:
    try:
        limit = JSON_BYTES if name != "trainer_state.json" else reading.file.limits.header_bytes
        value = read_json(reading, folder, name, limit)
    except FormatError as error:
        reading.problem(error.text, "partial", offset=error.offset, where=name, kind=error.kind)
        return
    if name == "trainer_state.json" and isinstance(value, dict):
        value = _with_series(value)
    found[name.removesuffix(".json")] = value


def _with_series(state: dict[str, Any]) -> dict[str, Any]:
    """The Trainer's state, its history as one list of numbers for each quantity that was logged."""
    rows = state.get("log_history")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return state
    series: dict[str, list[Any]] = {}
    for row in rows:
        for key, value in row.items():
            series.setdefault(key, []).append(value)
    return {**state, "log_history": series}


def _tokenizer(reading: Reading, folder: Folder) -> dict[str, Value]:
    """Facts about the tokenizer: its class, limits, special tokens and how large its vocabulary is."""
    facts: dict[str, Value] = {}
    for name, take in (
        ("tokenizer_config.json", _from_config),
        ("tokenizer.json", _from_tokenizer),
        ("vocab.json", _from_vocabulary),
    ):
        if name not in folder.names or (name == "vocab.json" and "vocabulary" in facts):
            continue
        try:
            value = read_json(reading, folder, name)
        except FormatError as error:
            reading.problem(error.text, offset=error.offset, where=name, kind=error.kind)
            continue
        if isinstance(value, dict):
            facts.update(take(value))
    if "vocabulary" not in facts and "vocab.txt" in folder.names:
        try:
            source = folder.open("vocab.txt")
            if source.length <= reading.file.limits.header_bytes:
                text = source.read(0, source.length)
                facts["vocabulary"] = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
        except (FormatError, ReadError) as error:
            reading.problem(f"{short('vocab.txt')}: {error}", where="vocab.txt")
    return facts


def _from_config(value: dict[str, Any]) -> dict[str, Value]:
    facts = {}
    for key in _TOKENIZER_FACTS:
        one = value.get(key)
        if isinstance(one, dict):  # a token with its settings
            one = one.get("content")
        if isinstance(one, str | int | float | bool):
            facts[key] = one
    return facts


def _from_tokenizer(value: dict[str, Any]) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    model, added = value.get("model"), value.get("added_tokens")
    if isinstance(model, dict):
        if isinstance(model.get("type"), str):
            facts["model"] = model["type"]
        if isinstance(model.get("vocab"), dict | list):
            facts["vocabulary"] = len(model["vocab"])
    if isinstance(added, list):
        facts["added_tokens"] = len(added)
    return facts


def _from_vocabulary(value: dict[str, Any]) -> dict[str, Value]:
    return {"vocabulary": len(value)}
