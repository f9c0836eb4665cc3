"""The three statements at the top."""

import pytest

from pthreport.document import CheckpointFacts
from pthreport.summary.verdict import summarise
from tests.render.parts import finding
from tests.render.reports import small_report


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (
            "2 of 73 layers are as initialised: a.fc, b.fc; so are 2 norms",
            "2 of 73 layers are as initialised.",
        ),
        ("a.fc: its storage is not in the file", "a.fc: its storage is not in the file."),
        ("26 units in 5 layers; most in a.bn1", "26 units in 5 layers; most in a.bn1."),
    ],
)
def test_the_verdict_says_what_and_the_finding_says_where(evidence: str, said: str) -> None:
    checkpoint: CheckpointFacts = small_report().checkpoint
    found = finding("some-check", "It is so", "warn", "warning", category="training", evidence=evidence)
    summary = summarise("A model", "inferred", checkpoint, (), (found,), (), looked=True)
    assert summary.health.state == "caution"
    assert summary.health.text == f"It is so: {said}"
