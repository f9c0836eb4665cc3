"""Secrets that are told by their own form, whatever they are called: tokens with a fixed beginning, keys
in PEM, passwords in URLs.

The forms are those that their issuers document, as secret scanners collect them
(https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pthreport.redaction.words import is_stand_in


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in a text: from where to where, its kind, the beginning that all of the kind have;
    `named` says that it was told by the name before it."""

    start: int
    stop: int
    kind: str
    hint: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One form. A text without any of `marks` has none. The group "secret" of `pattern`, or all of it, is the
    secret; `holds` must agree."""

    kind: str
    hint: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda _text: True


def _mixed(text: str) -> bool:
    """Digits and letters of a random key, not the words of a name ("sk-learn-contrib-pipeline")."""
    body = re.sub(r"^sk-(proj-|svcacct-|admin-|ant-\w+?-)?", "", text)
    return any(c.isdigit() for c in body) and (any(c.isupper() for c in body) or len(body) > 40)


def _with_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _form(
    kind: str, hint: str, marks: str, pattern: str, holds: Callable[[str], bool] = lambda _text: True
) -> Form:
    """A form that begins a word; `marks` are separated by spaces."""
    return Form(
        kind, hint, tuple(marks.split()), re.compile(rf"(?<![A-Za-z0-9_]){pattern}", re.DOTALL), holds
    )


_END = r"(?![A-Za-z0-9_])"
_PEM = r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z0-9 ]{0,40}-----|.*)"
_URL = r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@'\"<>]{0,200}:(?P<secret>[^\s/@'\"<>]{1,300})@(?=[\w\[])"
_SIGNED = re.compile(
    r"[?&](?:X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature|sig|access_token|api_key|token)="
    r"(?P<secret>[A-Za-z0-9%+/_=.-]{16,})"
)

_JWT = re.compile(
    r"(?<![A-Za-z0-9_-])(?>[A-Za-z0-9_-]*?(?<![A-Za-z0-9_])(?=eyJ[A-Za-z0-9_-]{8}))"
    r"(?P<secret>eyJ[A-Za-z0-9_-]++\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)"
)
"""From the first place of a run of its letters at which one may begin: each run is looked at once."""

FORMS = (
    _form("private key", "PEM", "PRIVATE", _PEM),
    _form("AWS access key", "AKIA…", "AKIA ASIA", rf"(?:AKIA|ASIA)[A-Z0-9]{{16}}{_END}"),
    _form("GitHub token", "github_pat_…", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,}"),
    _form("GitHub token", "gh…", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _form("GitLab token", "glpat-…", "glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    _form("Hugging Face token", "hf_…", "hf_ api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    _form("Anthropic key", "sk-ant-…", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,}", _mixed),
    _form("Stripe key", "sk_live_…", "k_live_", r"[rs]k_live_[A-Za-z0-9]{16,}"),
    _form("OpenAI key", "sk-…", "sk-", r"sk-(?!ant-)[A-Za-z0-9_-]{20,}", _mixed),
    _form("Slack token", "xox…", "xox", r"xox[abeprs]-[A-Za-z0-9-]{10,}"),
    _form(
        "Slack webhook",
        "https://hooks.slack.com/…",
        "hooks.slack.com",
        r"https://hooks\.slack\.com/(?:services|workflows)/[\w/-]{20,}",
    ),
    _form("Google API key", "AIza…", "AIza", r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _form("Google OAuth token", "ya29.…", "ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
    Form("JSON Web Token", "eyJ…", (".eyJ",), _JWT),
    _form("npm token", "npm_…", "npm_", rf"npm_[A-Za-z0-9]{{36}}{_END}"),
    _form("PyPI token", "pypi-…", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _form("SendGrid key", "SG.…", "SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    _form("Databricks token", "dapi…", "dapi", rf"dapi[0-9a-f]{{32}}(?:-\d)?{_END}"),
    _form("DigitalOcean token", "dop_v1_…", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _form("Replicate token", "r8_…", "r8_", rf"r8_[A-Za-z0-9]{{37}}{_END}"),
    _form("Telegram bot token", "", ":AA", rf"\d{{8,10}}:AA[A-Za-z0-9_-]{{33}}{_END}"),
    _form(
        "Azure storage key",
        "AccountKey=…",
        "AccountKey=",
        r"AccountKey=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})",
    ),
    _form("password in a URL", "", "@", _URL, lambda text: not is_stand_in(text)),
    Form("signature in a URL", "", ("?", "&"), _SIGNED, _with_digit),
    _form(
        "bearer token",
        "Bearer …",
        "Bearer bearer",
        r"[Bb]earer\s{1,3}(?P<secret>[A-Za-z0-9._~+/-]{16,}={0,2})",
        _with_digit,
    ),
)
"""The more telling first: where two fit the same place, the first counts."""


def by_form(text: str) -> Iterator[Found]:
    """The secrets in `text` that their form tells; they may overlap."""
    for form in FORMS:
        if not any(mark in text for mark in form.marks):
            continue
        for match in form.pattern.finditer(text):
            group = "secret" if "secret" in form.pattern.groupindex else 0
            if form.holds(match[group]):
                yield Found(match.start(group), match.end(group), form.kind, form.hint)
