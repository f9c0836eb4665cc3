"""Wrapper prefixes."""

from pthreport.anatomy.names import unwrap


def test_data_parallel_and_compile_are_taken_off_and_said() -> None:
    found = unwrap(["module._orig_mod.conv.weight", "module._orig_mod.conv.bias"], lightning=False)
    assert found.names == ("conv.weight", "conv.bias")
    assert {(r.prefix, r.count) for r in found.removed} == {("module.", 2), ("_orig_mod.", 2)}


def test_wrappers_in_the_middle_of_a_name() -> None:
    keys = ["encoder.module.fc.weight", "encoder.module.fc.bias", "decoder._fsdp_wrapped_module.fc.weight"]
    assert unwrap(keys, lightning=False).names == (
        "encoder.fc.weight",
        "encoder.fc.bias",
        "decoder.fc.weight",
    )


def test_a_child_that_is_only_called_module_stays() -> None:
    keys = ["block.module.weight", "block.norm.weight"]
    assert unwrap(keys, lightning=False).names == tuple(keys)


def test_an_averaged_model_keeps_its_counter() -> None:
    found = unwrap(["n_averaged", "module.fc.weight"], lightning=False)
    assert found.names == ("n_averaged", "fc.weight")


def test_model_is_lightnings_only_in_lightnings_files() -> None:
    keys = ["model.0.conv.weight", "model.1.conv.weight"]
    assert unwrap(keys, lightning=False).names == tuple(keys)
    assert unwrap(keys, lightning=True).names == ("0.conv.weight", "1.conv.weight")


def test_two_names_never_become_one() -> None:
    keys = ["_orig_mod.fc.weight", "fc.weight"]
    found = unwrap(keys, lightning=False)
    assert found.names == tuple(keys)
    assert found.removed == ()


def test_a_megabyte_of_dots_stays_cheap() -> None:
    keys = ["a" + "." * 1_000_000 + "b", "c.weight"]
    assert len(unwrap(keys, lightning=False).names) == 2
