"""Tokens, keys and passwords in what was saved with the weights."""

from collections import Counter

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail on a secret that its form tells; warn of one that only the name before it tells."""
    found = facts.discretion.secrets
    if not found:
        return Outcome(
            status="pass", evidence="no token, key or password among names, values and source texts"
        )
    sure = any(one.by == "form" for one in found)
    kinds = Counter(one.kind for one in found)
    rows = [
        (
            one.path or "(root)",
            f"{one.kind} {one.hint}".strip(),
            "" if one.length is None else f"{one.length:,}",
            "its form" if one.by == "form" else "the name it stands under",
        )
        for one in found
    ]
    said = listed(f"{number:,} x {kind}" if number > 1 else kind for kind, number in kinds.items())
    shown = "shown, as was asked" if facts.discretion.secrets_shown else "redacted in this report"
    return Outcome(
        status="fail" if sure else "warn",
        evidence=f"{plural(len(found), 'value')} that {verb(len(found), 'looks', 'look')} like a secret ({said}), {shown}",
        where=tuple(dict.fromkeys(one.path for one in found)),
        details=(table(("at", "kind", "characters", "told by"), rows),),
        severity="error" if sure else "warning",
    )


EMBEDDED_SECRETS = Check(
    id="embedded-secrets",
    category="hygiene",
    passed="Nothing in it looks like a secret",
    failed="It holds what looks like secrets",
    severity="error",
    judges=(
        "0 texts with the form of a token or key, a password in a URL, or a value under a name such as password, "
        "secret, api_key or auth_token; an error where the form tells it, a warning where only the name does"
    ),
    why=(
        "Whoever has the file has the secret: training scripts save their whole configuration or environment with "
        "the weights, and a checkpoint is passed on and kept for years. This report does not show the values, but the "
        "file does."
    ),
    remedy=(
        "Revoke the token or change the password now: it must be taken as known. Then save the file without it, and "
        "keep secrets out of what is saved (read them from the environment where they are used). --show-secrets shows "
        "what was found."
    ),
    reference="https://docs.github.com/en/code-security/secret-scanning; CWE-312; CWE-798",
    examine=examine,
)
