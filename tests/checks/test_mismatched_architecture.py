"""Whether a checkpoint loads into an architecture, held against torch's own load_state_dict."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import pthreport
from pthreport.blueprint import ReferenceError
from pthreport.document import Architecture
from tests.checks import architectures
from tests.checks.examples import Examples, analyzed, finding, saved, trained

HERE = "py:tests.checks.architectures"


def with_prefix(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: value for name, value in trained().items()}


EXAMPLES = Examples(
    faulty=saved(trained()),
    sound=saved(trained()),
    found="fail",
    options={"model": f"{HERE}:larger"},
    sound_options={"model": f"{HERE}:small"},
)


def compared(tmp_path: Path, value: Any, factory: str) -> Architecture:
    found = analyzed(tmp_path, value, model=f"{HERE}:{factory}").architecture
    assert found is not None
    return found


def changed(state: dict[str, torch.Tensor], found: Architecture) -> dict[str, torch.Tensor]:
    """The state after the changes, as the report writes them in Python."""
    after = {}
    for name, value in state.items():
        scope = {"k": name}
        exec("\n".join(found.changes), {}, scope)
        after[scope["k"]] = value
    return after


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "model.net.", "_orig_mod.", "module._orig_mod."]
)
def test_prefixes_are_told_and_their_change_loads(tmp_path: Path, prefix: str) -> None:
    state = with_prefix(prefix)
    found = compared(tmp_path, {"state_dict": state, "epoch": 1}, "small")
    assert found.model == "state_dict"
    assert found.loads == ("after the changes" if prefix else "as it is")
    assert found.matched == found.tensors == 9
    architectures.small().load_state_dict(changed(state, found))


def test_names_that_differ_are_told_and_their_change_loads(tmp_path: Path) -> None:
    found = compared(tmp_path, trained(), "Renamed")
    assert found.loads == "after the changes"
    assert {(r.old, r.new, r.count) for r in found.renames} == {("conv", "stem", 2), ("fc", "head", 2)}
    assert found.add == "backbone."
    architectures.Renamed().load_state_dict(changed(trained(), found))


def test_a_file_made_for_other_classes_says_which_shapes(tmp_path: Path) -> None:
    report = analyzed(tmp_path, trained(), model=f"{HERE}:larger")
    found = report.architecture
    assert found is not None
    assert found.loads == "in part"
    assert [(m.name, m.file, m.model) for m in found.mismatched] == [
        ("fc.weight", (10, 576), (20, 576)),
        ("fc.bias", (10,), (20,)),
    ]
    said = finding(report, "mismatched-architecture")
    assert (said.status, said.severity) == ("fail", "error")
    assert "7 of 9 tensors" in said.evidence
    assert said.where == ("fc.weight", "fc.bias")
    with pytest.raises(RuntimeError, match="size mismatch"):
        architectures.larger().load_state_dict(trained())


def test_missing_and_unexpected_are_those_of_torch(tmp_path: Path) -> None:
    state = trained()
    del state["fc.bias"]
    state["extra.weight"] = torch.randn(3, 3)
    found = compared(tmp_path, state, "small")
    missing, unexpected = architectures.small().load_state_dict(state, strict=False)
    assert list(found.missing) == missing
    assert list(found.unexpected) == unexpected


def test_old_files_lack_the_count_of_batches(tmp_path: Path) -> None:
    state = {n: t for n, t in trained().items() if not n.endswith("num_batches_tracked")}
    assert compared(tmp_path, state, "small").loads == "as it is"
    architectures.small().load_state_dict(state)


def test_another_network_does_not_match(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a.weight": torch.randn(3, 5), "a.bias": torch.randn(3)}, "small")
    assert (found.loads, found.matched, found.missing_count) == ("not at all", 0, 8)
    nothing = analyzed(tmp_path, {"lr": 0.1}, model=f"{HERE}:small").architecture
    assert nothing is not None
    assert nothing.loads == "not at all"


def test_kinds_and_settings_are_read(tmp_path: Path) -> None:
    report = analyzed(tmp_path, with_prefix("module."), model=f"{HERE}:small")
    conv = report.models[0].layers["conv"]
    assert (conv.kind, conv.basis, conv.settings["kernel_size"]) == ("conv2d", "read", "(3, 3)")
    assert f"its class in {HERE}:small, torch.nn.modules.conv.Conv2d" in conv.evidence


def test_of_several_models_the_most_like_is_compared(tmp_path: Path) -> None:
    value = {"critic": {"a.weight": torch.randn(3, 5), "a.bias": torch.randn(3)}, "net": trained()}
    assert compared(tmp_path, value, "small").model == "net"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("small", "an architecture is named as py:MODULE:FACTORY"),
        ("keras:x", "an architecture is named as"),
        ("py:", "an architecture is named as"),
        ("py:tests.checks.architectures", "a module and a factory in it are wanted"),
        (f"{HERE}:nothing", "has no nothing"),
        (f"{HERE}:broken", "ValueError: no width was given nor a depth"),
        (f"{HERE}:leaves", "SystemExit: 7"),
        (f"{HERE}:NUMBER", "gives int"),
        ("py:no_such_module_anywhere:f", "No module named 'no_such_module_anywhere'"),
        ("transformers:/nowhere", "transformers"),
    ],
)
def test_what_cannot_be_built_is_one_line(tmp_path: Path, spec: str, words: str) -> None:
    path = saved(trained())(tmp_path)
    with pytest.raises(ReferenceError, match=re.escape(words)) as caught:
        pthreport.analyze(path, model=spec)
    assert len(str(caught.value).splitlines()) == 1


def test_an_instance_serves_as_well_as_a_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(architectures, "NUMBER", architectures.small())
    assert isinstance(architectures.NUMBER, nn.Module)
    assert compared(tmp_path, trained(), "NUMBER").loads == "as it is"


def test_layers_that_are_numbered_otherwise_are_told_by_their_order(tmp_path: Path) -> None:
    state = {}
    for at, (name, value) in enumerate(trained().items()):
        state[f"features.{at // 2}.{at}.{name.rpartition('.')[2]}"] = value
    found = compared(tmp_path, state, "small")
    assert (found.matched, found.renames) == (0, ())
    assert found.in_order == 8
