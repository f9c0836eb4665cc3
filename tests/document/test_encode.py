"""The report as JSON: numbers that JSON has not, texts that UTF-8 has not."""

import json
import math
import struct
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from pthreport.document import Report, from_json, to_json
from tests.render.parts import statistics
from tests.render.reports import small_report

ODD = [math.nan, math.inf, -math.inf, struct.unpack(">d", b"\xff\xf8\0\0\0\0\0\1")[0]]


def expected(value: Any) -> Any:
    """A part of a report in JSON's values, one by one."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {expected(key): expected(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [expected(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def with_number(number: float, name: str = "net.conv1.weight") -> Report:
    """A report with the number in a tensor, in a layer, and in a finding's place the name."""
    report = small_report()
    first = replace(report.tensors[0], path=name, statistics=replace(statistics(9), mean=number))
    model = report.models[0]
    profile = replace(model.layer_list[0].profile, norm=number) if model.layer_list[0].profile else None
    layers = (replace(model.layer_list[0], profile=profile), *model.layer_list[1:])
    models = (replace(model, layer_list=layers), *report.models[1:])
    return replace(report, tensors=(first, *report.tensors[1:]), models=models)


@pytest.mark.parametrize("number", [*ODD, 0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1])
def test_every_number_is_said(number: float) -> None:
    report = with_number(number)
    text = to_json(report)
    assert json.loads(text) == expected(msgspec.to_builtins(report))
    assert to_json(from_json(text)) == text


def test_half_a_surrogate_pair_is_spelled_out() -> None:
    report = with_number(math.nan, "a\ud800b")
    assert json.loads(to_json(report)) == expected(msgspec.to_builtins(report))
    assert b"a\\\\ud800b" in to_json(report)
