"""Secrets that are told by the name they stand under."""

import pytest

from pthreport.redaction.assignments import in_text
from pthreport.redaction.secret_names import by_name, naming
from tests.redaction.secrets import ORDINARY

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("password", "letmein", "password"),
        ("db_password", "p w 1", "password"),
        ("DBPassword", "x<y&z", "password"),
        ("SMTP-PASSWD", "abcd", "password"),
        ("ssh_passphrase", "correct horse battery staple", "password"),
        ("client_secret", "GOCSPX-abcdef", "secret"),
        ("AWS_SECRET_ACCESS_KEY", "abcd/efgh+ijkl", "secret"),
        ("apiKey", "live-1234", "key"),
        ("OPENAI_API_KEY", "whatever", "key"),
        ("private_key", "MIIEvQIBADAN", "key"),
        ("auth_token", "abc12345", "token"),
        ("hub_token", "token1234", "token"),
        ("token", "a1b2c3d4e5f6a7b8", "token"),
        ("authorization", "Basic dXNlcjpwYXNz", "credential"),
        ("WANDB_API_KEY", KEY, "key"),
        ("wandb_login", KEY, "key"),
    ],
)
def test_the_whole_value_is_the_secret(name: str, value: str, kind: str) -> None:
    found = by_name(value, naming(name))
    assert found is not None
    assert (found.start, found.stop, found.kind, found.named) == (0, len(value), kind, True)


def test_what_holds_it_may_name_it() -> None:
    assert by_name(KEY, naming("login", naming("wandb"))) is not None
    assert by_name("qwerty12", naming("database", naming("secrets"))) is not None
    assert by_name("qwerty12", naming("host", naming("database", naming("secrets")))) is not None
    assert by_name("qwerty12", naming("host_type", naming("secrets"))) is None
    assert by_name(KEY, naming("login", naming("other"))) is None
    assert by_name(KEY, naming("commit", naming("wandb"))) is None


@pytest.mark.parametrize("name", [key for key, value in ORDINARY.items() if isinstance(value, str)])
def test_what_configurations_hold_is_none(name: str) -> None:
    value = ORDINARY[name]
    assert isinstance(value, str)
    assert by_name(value, naming(name)) is None
    assert list(in_text(value)) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("train.py --lr 0.1 --password hunter2 --epochs 3", "hunter2"),
        ("train.py --api-key=abc-123-def", "abc-123-def"),
        ('{"lr": 0.1, "password": "hun,t}er 2"}', "hun,t}er 2"),
        ('"{\\"db_password\\": \\"hunter22\\"}"', "hunter22"),
        ("{'client_secret': 'a b c d'}", "a b c d"),
        ('API_KEY = "live-9f8a7"', "live-9f8a7"),
        ("export HF_TOKEN=abc12345xyz; python x.py", "abc12345xyz"),
        ("db:\n  user: bob\n  password: letmein\n", "letmein"),
        ("model.wandb.api_key: 12ab34cd", "12ab34cd"),
    ],
)
def test_it_is_found_in_a_longer_text(text: str, secret: str) -> None:
    assert secret in [text[one.start : one.stop] for one in in_text(text)]


@pytest.mark.parametrize(
    "text",
    [
        "api_key = config.api_key",
        "password = getpass()",
        "def login(self, password: str, token: Optional[str] = None):",
        "self.token = token",
        "password=self.password, secret=secret",
        'X_API_KEY = "X-API-Key"',
        '{"password":20786,"secret":3595}',
        "password: (bool, optional)",
        "token=None",
        "Enter your password: ",
        "f'key={api_key} token={token}'",
    ],
)
def test_code_and_vocabularies_hold_none(text: str) -> None:
    assert [text[one.start : one.stop] for one in in_text(text)] == []


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    words = list(in_text("token password secret api_key " * 30_000))
    assert words == []
