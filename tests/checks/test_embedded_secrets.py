"""Tokens, keys and passwords in what was saved with the weights."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved, weights
from tests.redaction.secrets import ORDINARY, TOKENS


def with_config(**config: object) -> dict[str, object]:
    return {"model": weights(), "config": {**ORDINARY, **config}}


EXAMPLES = Examples(
    faulty=saved(with_config(hub_token=TOKENS["Hugging Face token"])),
    sound=saved(with_config()),
    found="fail",
)


def test_a_form_is_an_error_and_a_name_alone_a_warning(tmp_path: Path) -> None:
    form = finding(analyzed(tmp_path, with_config(x=TOKENS["GitHub token"])), "embedded-secrets")
    assert (form.status, form.severity) == ("fail", "error")
    name = finding(analyzed(tmp_path, with_config(db_password="swordfish")), "embedded-secrets")
    assert (name.status, name.severity) == ("warn", "warning")
    assert "swordfish" not in str(name)


def test_one_finding_for_many_places(tmp_path: Path) -> None:
    many = {f"service_{number}_password": f"word {number} {number}" for number in range(40)}
    report = analyzed(tmp_path, with_config(**many))
    found = finding(report, "embedded-secrets")
    assert len(found.where) == 40
    assert "40 values that look like a secret (40 x password), redacted" in found.evidence
    assert "secret" not in report.summary.health.text
