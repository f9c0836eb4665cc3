"""Texts that tell of people and machines."""

import pytest

from pthreport.redaction.private_texts import kind_of_private_name, mentions
from tests.redaction.secrets import ORDINARY


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("output_dir", "/home/alice/runs/1", [("/home/alice/runs/1", "home folder", "alice")]),
        ("x", "see /Users/Bob/x.pth.", [("/Users/Bob/x.pth.", "home folder", "Bob")]),
        ("x", "/root/data, and", [("/root/data", "home folder", "")]),
        ("x", r"C:\Users\Eve Smith\p\q.bin", [(r"C:\Users\Eve Smith\p\q.bin", "home folder", "Eve Smith")]),
        ("x", "file:///home/al/x", [("file:///home/al/x", "home folder", "al")]),
        ("data", "/mnt/nfs7/set/train.csv", [("/mnt/nfs7/set/train.csv", "absolute path", "")]),
        ("data", "/our/own/root", [("/our/own/root", "absolute path", "")]),
        ("x", r"\\server\share\d", [(r"\\server\share\d", "absolute path", "")]),
        ("user", "alice", [("alice", "user name", "alice")]),
        ("user_name", "b.jones", [("b.jones", "user name", "b.jones")]),
        ("hostname", "gpu12.example.org", [("gpu12.example.org", "host name", "gpu12.example.org")]),
        ("MASTER_ADDR", "10.1.2.3", [("10.1.2.3", "host name", "10.1.2.3")]),
        ("u", "http://mlflow.corp.internal:5000/#/x", [("mlflow.corp.internal", "host name", "mlflow.corp.internal")]),
        ("u", "http://gpu-box:5000/a", [("gpu-box", "host name", "gpu-box")]),
        ("c", "scp bob@gpu01:x .", [("bob", "user name", "bob"), ("gpu01", "host name", "gpu01")]),
        ("author", "a.b@uni.example.edu", [("a.b@uni.example.edu", "e-mail address", "")]),
    ],
)  # fmt: skip
def test_it_is_found(name: str, text: str, found: list[tuple[str, str, str]]) -> None:
    assert [
        (text[one.start : one.stop], one.kind, one.name)
        for one in mentions(text, kind_of_private_name(name))
    ] == found


@pytest.mark.parametrize(
    "text",
    [
        "./data/train.txt",
        "../data/train.txt",
        "data/home/x",
        "~",
        "/",
        "/dev/shm/x",
        "/usr/lib/python3",
        "s3://bucket/data/x",
        "https://huggingface.co/data/x",
        "http://localhost:5000/",
        "tcp://127.0.0.1:23456",
        "a/b/c and 1/2",
        "resnet50@v2",
        "float32",
    ],
)
def test_what_is_nobodys_is_left_alone(text: str) -> None:
    assert list(mentions(text)) == []


@pytest.mark.parametrize(
    ("name", "text"), [("user", "root"), ("host", "localhost"), ("hostname", ""), ("user", "<user>")]
)
def test_nobody_in_particular(name: str, text: str) -> None:
    assert list(mentions(text, kind_of_private_name(name))) == []


@pytest.mark.parametrize("name", [key for key, value in ORDINARY.items() if isinstance(value, str)])
def test_configurations_tell_of_nobody(name: str) -> None:
    value = ORDINARY[name]
    assert isinstance(value, str)
    assert list(mentions(value, kind_of_private_name(name))) == []
