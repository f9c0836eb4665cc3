"""Settings files: where they are found, what they may say, and how they are refused."""

from pathlib import Path

import pytest

from pthreport.checks import SettingsError
from pthreport.command.settings import Settings, find


def test_the_nearest_file_is_in_force(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pthreport.toml").write_text('fail-on = "error"\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert find(inner).fail_on == "error"
    (tmp_path / "a" / "pyproject.toml").write_text(
        '[tool.pthreport]\nselect = ["safety"]\n[tool.pthreport.thresholds.dead-units]\nlarge-share = 1\n'
    )
    found = find(inner)
    assert (found.fail_on, found.examination.select) == ("never", ("safety",))
    assert found.examination.thresholds == {"dead-units": {"large-share": 1.0}}
    (tmp_path / "a" / "pthreport.toml").write_text('ignore = ["dead-units"]\n')
    assert find(inner).examination.ignore == ("dead-units",)


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert find(tmp_path) == Settings()


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "pthreport.toml").write_text('fail-on = "error"\nselect = ["safety"]\nignore = ["x"]\n')
    found = find(tmp_path).with_options(fail_on="never", select=None, ignore=())
    assert found.fail_on == "never"
    assert (found.examination.select, found.examination.ignore) == (("safety",), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fail_on = 1", "no setting is called 'fail_on'; nearest: fail-on"),
        ('fail-on = "always"', "one of error, warning, never"),
        ('select = "safety"', "select is a list"),
        ("thresholds = 3", "thresholds is a table"),
        ("[thresholds]\ndead-units = 3", "thresholds.dead-units is a table"),
        ('[thresholds.dead-units]\nlarge-share = "1"', "is a number, not '1'"),
        ("[thresholds.dead-units]\nlarge-share = nan", "is a number, not nan"),
        ("[thresholds.dead-units]\nlarge-share = true", "is a number, not True"),
        ("= 3", "the settings cannot be read"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "pthreport.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"pthreport\.toml") as caught:
        find(tmp_path)
    assert words in str(caught.value)
