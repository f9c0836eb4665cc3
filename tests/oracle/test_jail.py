"""The jail refuses what the loaders must not do, and says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACTS = {
    "a program": "os.system('true')",
    "a program by exec": "os.execv('/bin/true', ['true'])",
    "a program by subprocess": "subprocess.run(['true'])",
    "a connection": "socket.socket()",
    "a library": "ctypes.CDLL('libm.so.6')",
    "code": "exec('1')",
    "writing elsewhere": "open('/tmp/oracle-was-here', 'w')",
    "removing a file": "os.remove('/tmp/oracle-was-here')",
    "a folder elsewhere": "os.mkdir('/tmp/oracle-was-here')",
    "a copy elsewhere": "shutil.copyfile('x', '/tmp/oracle-was-here')",
}
TRY = """
import ctypes, json, os, shutil, socket, subprocess, sys, tempfile
from tests.oracle.jail import Watch, lock, lock_child
acts = {ACTS}
with tempfile.TemporaryDirectory() as folder:
    lock(folder)
    watch = Watch(os.path.realpath(folder))
    lock_child()
    for title, act in acts.items():
        watch.events, watch.on = [], True
        try:
            act()
        except Exception:
            pass
        watch.on = False
        print(json.dumps([title, watch.events]), flush=True)
    watch.on = True
    with open("inside", "wb") as file:
        file.write(b"x")
    os.remove("inside")
    watch.on = False
    print(json.dumps(["user", os.getuid()]))
""".replace("{ACTS}", "{" + ", ".join(f"{title!r}: lambda: {act}" for title, act in ACTS.items()) + "}")


@pytest.mark.skipif(sys.platform != "linux", reason="the jail is made of what Linux has")
def test_what_the_jail_refuses() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TRY], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )  # fmt: skip
    said = dict(json.loads(line) for line in ran.stdout.splitlines())
    assert said.pop("user", 0) != 0, ran.stderr
    assert said.keys() == ACTS.keys()
    assert all(said.values()), said
