"""A report travels further than its checkpoint: what looks like a secret is in no byte of any output."""

import argparse
import contextlib
import html
import io
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.package.package_exporter import PackageExporter

import pthreport
from pthreport.command.main import main
from pthreport.render import FORMATS, render
from tests.checkpoint.files import add_member, save
from tests.checks.examples import finding, trained, weights
from tests.command.command import run
from tests.redaction.secrets import MIXED, ORDINARY, TOKENS

PASSWORD = "p<ss&w\"ö'rd 77"
"""No form of its own, and nothing that looks the same in HTML, JSON or CSV."""

TOKEN = TOKENS["Hugging Face token"]
KEY = TOKENS["AWS access key"]
JWT = TOKENS["JSON Web Token"]


class Run:
    """An object that was pickled with its attributes."""

    def __init__(self) -> None:
        self.lr = 0.1
        self.api_key = "attribute-key-1"
        self.history = [("auth_token", "paired-token-22"), {"note": f"see {TOKEN}"}]


class Net(nn.Module):
    """Pickled whole by torch of the old kind, with this source text beside it."""

    endpoint = "postgres://bob:pickled-source-3@db/x"

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.secret = "module-secret-4"
        self.padding_token = JWT


KINDS = [kind for kind in FORMATS if kind != ".pdf"]
"""Kinds of output whose bytes can be searched; a PDF, compressed, is made of the same report."""

PLANTED = [
    PASSWORD, TOKEN, KEY, JWT, "attribute-key-1", "paired-token-22", "module-secret-4", "pickled-source-3", "hunter2-argv",
    "url-pass-5", "yaml-pass-6", "bytes-pass-7", "nested-8-secret", TOKENS["GitHub token"], TOKENS["Slack token"],
    TOKENS["private key"].split("\n")[1], "group-key-9",
]  # fmt: skip


def planted(folder: Path) -> Path:
    """A training checkpoint with a secret in every kind of place that a report shows."""
    torch.manual_seed(0)
    model = nn.Linear(3, 4)
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.param_groups[0]["api_key"] = "group-key-9"
    model(torch.randn(2, 3)).sum().backward()
    optimizer.step()
    state = model.state_dict()
    state[f"adapter {TOKENS['GitHub token']}.weight"] = torch.randn(4, 4)
    shared = ("--password", "hunter2-argv")
    value = OrderedDict(
        model=state,
        optimizer=optimizer.state_dict(),
        args=argparse.Namespace(
            lr=0.1, db_password=PASSWORD, argv=["train.py", *shared], uri="mysql://u:url-pass-5@h/d"
        ),
        config={"wandb": {"secrets": {"login": "nested-8-secret"}}, "env": {"AWS_ACCESS_KEY_ID": KEY}},
        yaml="db:\n  password: yaml-pass-6\n",
        pem=TOKENS["private key"],
        raw={"passwd": b"bytes-pass-7", "blob": KEY.encode()},
        pair=(shared, [shared, (1, (2, f"deep {TOKEN}"))]),
        long="x" * 380 + " " + JWT,
        run=Run(),
        epoch=3,
        val_loss=[0.5, 0.4],
        **{f"key {TOKENS['Slack token']}": 1},
    )
    return save(folder / "planted.pth", value)


def outputs(path: Path, **options: Any) -> dict[str, bytes]:
    """Every kind of report, and what stands on the terminal."""
    report = pthreport.analyze(path, jobs=1, **options)
    made = {kind: render(report, kind) for kind in KINDS}
    flags = ["--show-secrets"] if options.get("show_secrets") else []
    flags += ["--redact-paths"] if options.get("redact_paths") else []
    for arguments in ([], ["--show", "*"], ["--fail-on", "warning", "--quiet"]):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main([str(path), *arguments, *flags])
        made[" ".join(("terminal", *arguments))] = said.getvalue().encode()
    return made


def spellings(secret: str) -> set[bytes]:
    """A text as the outputs may write it."""
    plain = {secret, html.escape(secret), html.escape(secret, quote=False), json.dumps(secret)[1:-1]}
    plain |= {json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], secret.replace('"', '""')}
    hexadecimal = {secret.encode().hex(" "), secret.encode().hex()}
    return {one.encode() for one in plain | hexadecimal}


def leaks(made: dict[str, bytes], secrets: list[str]) -> list[tuple[str, str]]:
    return [
        (kind, secret)
        for kind, content in made.items()
        for secret in secrets
        if any(one in content for one in spellings(secret))
    ]


def test_a_planted_secret_is_in_no_byte_of_any_output(tmp_path: Path) -> None:
    made = outputs(planted(tmp_path))
    assert leaks(made, PLANTED) == []
    for kind in (".html", ".json"):
        assert b"[redacted: Hugging Face token hf_" in made[kind]
    # Not even in part: a text that a report cuts may be cut within the secret.
    assert leaks(made, [secret[:14] for secret in PLANTED if len(secret) > 14 and secret != PASSWORD]) == []


def test_what_is_beside_the_secret_stays(tmp_path: Path) -> None:
    report = pthreport.analyze(planted(tmp_path))
    facts = {fact.path: fact.value for fact in report.training.arguments + report.training.other}
    assert facts["args.lr"] == "0.1"
    assert facts["args.db_password"] == "[redacted: password]"
    assert facts["args.uri"] == "mysql://u:[redacted: password in a URL]@h/d"
    assert facts["args.argv"] == "[train.py, --password, [redacted: password]]"
    assert facts["pair.0"] == "(--password, [redacted: password])"
    assert report.training.counters[0].value == "3"
    assert any("[redacted: GitHub token gh…, 40 characters]" in tensor.path for tensor in report.tensors)


def test_the_finding_says_where_and_of_which_kind(tmp_path: Path) -> None:
    report = pthreport.analyze(planted(tmp_path))
    found = finding(report, "embedded-secrets")
    assert (found.status, found.severity) == ("fail", "error")
    assert {
        "args.db_password",
        "args.uri",
        "config.env.AWS_ACCESS_KEY_ID",
        "raw.passwd",
        "pem",
        "run.api_key",
    } <= {*found.where}
    token = next(one for one in report.discretion.secrets if one.kind == "Hugging Face token")
    assert (token.hint, token.length, token.by) == ("hf_…", len(TOKEN), "form")
    password = next(one for one in report.discretion.secrets if one.path == "args.db_password")
    assert (password.by, password.length) == ("name", None)
    assert {"GitHub token", "Slack token"} <= {one.kind for one in report.discretion.secrets}, "in keys"


def test_show_secrets_is_the_way_to_see_them(tmp_path: Path) -> None:
    made = outputs(planted(tmp_path), show_secrets=True)
    shown = {secret for kind, secret in leaks({".json": made[".json"]}, PLANTED)}
    assert {PASSWORD, TOKEN, KEY, "hunter2-argv", "url-pass-5", TOKENS["GitHub token"]} <= shown
    assert b"[redacted" not in made[".json"]
    assert b"shown, as was asked" in made[".html"]


def test_a_saved_report_holds_nothing_to_show(tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    pthreport.analyze(planted(tmp_path)).save(saved)
    done = run(saved, "--show-secrets")
    assert done.returncode == 2
    assert "does not hold what was redacted" in done.stderr


@pytest.mark.parametrize("kind", TOKENS)
def test_every_form_is_redacted(kind: str, tmp_path: Path) -> None:
    token = TOKENS[kind]
    path = save(
        tmp_path / "x.pth", {"model": weights(), "notes": ["see", f"with {token} now"], token: token}
    )
    report = pthreport.analyze(path, jobs=1)
    made = {ending: render(report, ending) for ending in KINDS}
    assert leaks(made, [token, *(line for line in token.split("\n") if MIXED[:9] in line)]) == []
    assert any(one.kind == kind for one in report.discretion.secrets)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_a_module_pickled_whole_and_its_source_text(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", Net(), _use_new_zipfile_serialization=False)
    assert b"pickled-source-3" in path.read_bytes()
    report = pthreport.analyze(path, jobs=1)
    assert leaks({kind: render(report, kind) for kind in KINDS}, PLANTED) == []
    assert "(source text)" in str(finding(report, "embedded-secrets").where)


def test_metadata_of_safetensors(tmp_path: Path) -> None:
    metadata = {
        "args": json.dumps({"password": PASSWORD, "x": TOKEN}),
        "notes": f"t {KEY}",
        "api_key": "meta-key-1",
    }
    save_file(weights(), tmp_path / "x.safetensors", metadata=metadata)
    made = outputs(tmp_path / "x.safetensors")
    assert leaks(made, [PASSWORD, TOKEN, KEY, "meta-key-1"]) == []


def test_sidecars_of_a_hugging_face_folder(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(
        json.dumps({**ORDINARY, "vocab": 1, "db": {"password": PASSWORD}})
    )
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": f"T {TOKEN}"}))
    torch.save(argparse.Namespace(hub_token="hub-token-12", lr=1), tmp_path / "training_args.bin")
    made = outputs(tmp_path)
    assert leaks(made, [PASSWORD, TOKEN, "hub-token-12"]) == []
    found = finding(pthreport.analyze(tmp_path), "embedded-secrets")
    assert set(found.where) == {
        "config.db.password",
        "tokenizer.tokenizer_class",
        "training_args.hub_token",
    }


def test_names_of_members_and_of_imports_and_messages(tmp_path: Path) -> None:
    stray = add_member(save(tmp_path / "w.pth", weights()), tmp_path / "x.pth", f"other/{TOKEN}", b"1")
    named = tmp_path / "y.pkl"
    named.write_bytes(b"\x80\x02c" + TOKEN.encode() + b"\n" + KEY.encode() + b"\n.")
    for path in (stray, named):
        assert leaks(outputs(path), [TOKEN, KEY]) == []
    cut = tmp_path / "z.pkl"
    cut.write_bytes(pickle.dumps({TOKEN: 1, "password": PASSWORD}, 2)[:-3])
    assert leaks(outputs(cut), [TOKEN, PASSWORD]) == []


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_and_its_code(tmp_path: Path) -> None:
    class Scripted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 4)
            self.api_key = "scripted-key-1"

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.fc(x)
            return made * (2 if self.api_key == "mysql://u:jit-pass-1@h" else 1)

    path = tmp_path / "x.pt"
    torch.jit.script(Scripted()).save(str(path))  # type: ignore[no-untyped-call]
    made = outputs(path)
    assert leaks(made, ["scripted-key-1", "jit-pass-1"]) == []
    assert b"def forward" in made[".html"]
    assert b"mysql://u:[redacted: password in a URL]@h" in made[".json"]


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_the_source_texts_of_a_package(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with PackageExporter(str(path)) as exporter:
        exporter.save_source_string(
            "mine.settings", f"import os\nTOKEN = {TOKEN!r}\nPASSWORD = 'code-pass-1'\n"
        )
        exporter.save_pickle("model", "model.pkl", weights())
    made = outputs(path)
    assert leaks(made, [TOKEN, "code-pass-1"]) == []
    assert b"PASSWORD = '[redacted: password]'" in made[".json"]


def test_what_models_and_tokenizers_are_configured_with_is_no_secret(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", {"model": trained(), "config": ORDINARY, "text": json.dumps(ORDINARY)})
    report = pthreport.analyze(path)
    assert report.discretion.secrets == ()
    assert finding(report, "embedded-secrets").status == "pass"
    assert b"redacted" not in render(report, ".json").replace(b"unless redacted", b"")


HOMES = {
    "model": weights(),
    "output_dir": "/home/alicia/projects/runs/7",
    "data": ["/mnt/nfs/alicia/train.csv", "./relative/train.csv"],
    "user": "alicia",
    "hostname": "gpu12.cluster.example.org",
    "notes": "trained by Alicia on gpu12.cluster.example.org, mail alicia.x@example.org",
    "tracking": "http://tracker.corp.internal:5000/#/1",
    "/home/alicia/cache/x.bin": 1,
}
PRIVATE = ["alicia", "Alicia", "/home", "/mnt/nfs", "gpu12", "tracker.corp", "example.org"]


def test_paths_users_and_hosts_are_hidden_where_that_is_asked(tmp_path: Path) -> None:
    path = save(tmp_path / "alicia_run.pth", HOMES)
    assert {secret for _, secret in leaks(outputs(path), PRIVATE)} == {*PRIVATE}
    made = outputs(path, redact_paths=True)
    assert leaks(made, PRIVATE) == []
    report = pthreport.analyze(path, redact_paths=True)
    facts = {fact.path: fact.value for fact in report.training.other}
    assert facts["output_dir"] == "[folder 1]/7"
    assert facts["data"] == "[[folder 2]/train.csv, ./relative/train.csv]"
    assert report.title == "[user]_run.pth"
    assert report.discretion.paths_hidden
    kinds = {one.kind for one in report.discretion.private}
    assert kinds == {"home folder", "absolute path", "user name", "host name", "e-mail address"}


def test_the_settings_may_ask_for_it(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", HOMES)
    (tmp_path / "pthreport.toml").write_text("redact-paths = true\n")
    shown = run(path, "-o", "-", "--format", "json", cwd=tmp_path)
    assert leaks({".json": shown.stdout.encode()}, PRIVATE) == []
    (tmp_path / "pthreport.toml").write_text('redact-paths = "yes"\n')
    assert "redact-paths is true or false" in run(path, cwd=tmp_path).stderr


def test_a_saved_report_can_be_told_to_hide_them(tmp_path: Path) -> None:
    pthreport.analyze(save(tmp_path / "x.pth", HOMES)).save(tmp_path / "report.json")
    done = run(tmp_path / "report.json", "-o", "-", "--format", "json", "--redact-paths")
    assert done.returncode == 0
    assert leaks({".json": done.stdout.encode()}, PRIVATE) == []


def test_a_word_of_the_tensors_names_is_nobodys_name(tmp_path: Path) -> None:
    path = save(tmp_path / "x.pth", {"model": weights(), "user": "conv", "notes": "conv by conv"})
    report = pthreport.analyze(path, redact_paths=True)
    assert "model.conv.weight" in [tensor.path for tensor in report.tensors]
    assert "[user]" in str([fact.value for fact in report.training.other])


def test_the_same_secret_is_redacted_in_the_same_way_and_others_are_told_apart(tmp_path: Path) -> None:
    other = "gh" + "p_" + MIXED[::-1][:36]
    first = TOKENS["GitHub token"]
    path = save(tmp_path / "x.pth", {"model": weights(), "a": first, "b": other, "c": first})
    facts = {fact.path: fact.value for fact in pthreport.analyze(path).training.other}
    assert facts["a"] == facts["c"] == "[redacted: GitHub token gh…, 40 characters]"
    assert facts["b"] == "[redacted: GitHub token gh…, 40 characters, no. 2]"
