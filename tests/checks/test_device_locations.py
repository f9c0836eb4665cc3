"""Storages that are bound to a device."""

from pathlib import Path

import pytest

import pthreport
from tests.checkpoint.files import saved_bytes
from tests.checks.examples import Examples, Writer, finding, saved, weights


def on(device: str) -> Writer:
    """A file as a machine with such a device saves it: only the location's text is another."""

    def write(folder: Path) -> Path:
        path = folder / "file.pth"
        old = saved_bytes(weights(), _use_new_zipfile_serialization=False)
        cpu = b"X\x03\x00\x00\x00cpu"
        assert cpu in old
        path.write_bytes(old.replace(cpu, b"X" + len(device).to_bytes(4, "little") + device.encode()))
        return path

    return write


EXAMPLES = Examples(faulty=on("cuda:3"), sound=saved(weights()), found="warn")


@pytest.mark.parametrize(
    ("device", "status"), [("cuda:0", "info"), ("mps", "info"), ("cuda:3", "warn"), ("cpu", "pass")]
)
def test_a_first_device_is_a_note_and_a_further_one_a_warning(
    device: str, status: str, tmp_path: Path
) -> None:
    found = finding(pthreport.analyze(on(device)(tmp_path)), "device-locations")
    assert found.status == status
    assert status == "pass" or f"7 of 7 tensors were saved on {device}" in found.evidence
