"""One checkpoint for all tests of the command."""

from pathlib import Path

import pytest

from tests.command.command import write_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small training checkpoint that no test may change."""
    return write_checkpoint(tmp_path_factory.mktemp("files") / "model.pth")
