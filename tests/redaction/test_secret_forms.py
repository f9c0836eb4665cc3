"""Secrets that are told by their own form."""

import pytest

from pthreport.redaction.secret_forms import FORMS, by_form
from tests.redaction.secrets import HEX, MIXED, TOKENS


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize(("before", "behind"), [("", ""), ("key=", " "), ('{"x": "', '"}'), ("(", ")\n")])
def test_it_is_found_whole_and_alone(kind: str, before: str, behind: str) -> None:
    token = TOKENS[kind]
    text = f"{before}{token}{behind}"
    found = [one for one in by_form(text) if one.kind == kind]
    assert [text[one.start : one.stop] for one in found] == [token]


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        ("postgres://bob:Tr0ub4dor@db.example.org:5432/runs", "Tr0ub4dor", "password in a URL"),
        ("redis://:pa55w0rd@cache", "pa55w0rd", "password in a URL"),
        ("https://u:p%40ss@host/x?y=1", "p%40ss", "password in a URL"),
        (f"https://b.example.org/k?X-Amz-Signature={HEX}&x=1", HEX, "signature in a URL"),
        (f"https://a.blob.example.net/c?sv=2024&sig={MIXED}%3D", f"{MIXED}%3D", "signature in a URL"),
        (f"Authorization: Bearer {MIXED}", MIXED, "bearer token"),
        (f"AccountName=a;AccountKey={MIXED}==;x", f"{MIXED}==", "Azure storage key"),
    ],
)
def test_it_is_found_within_what_holds_it(text: str, secret: str, kind: str) -> None:
    assert [(text[one.start : one.stop], one.kind) for one in by_form(text)] == [(secret, kind)]


def test_every_form_has_a_test() -> None:
    tested = {*TOKENS, "password in a URL", "signature in a URL", "bearer token", "Azure storage key"}
    assert {form.kind for form in FORMS} == tested


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn-contrib-pipeline-of-many-words",
        "task-0123456789ABCDEFGHIJKLMN",
        "hf_internal_testing",
        "the_ghp_option",
        "xoxo-0123456789",
        "eyJust a sentence. eyJ. another",
        "https://example.org/a:b/c@2",
        "postgres://user:***@host/db",
        "mysql://user:<password>@host/db",
        "https://example.org/?token=short",
        "bearer of good news for everybody",
        "AKIABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        HEX,
    ],
)
def test_what_only_looks_alike_is_none(text: str) -> None:
    assert list(by_form(text)) == []
