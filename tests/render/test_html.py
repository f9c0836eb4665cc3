"""The page as text: policy, escaping, anchors, bounds, and the same bytes twice."""

import base64
import gzip
import hashlib
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pthreport.document import from_json, to_json
from pthreport.render.html import render_html
from tests.render.markup import Page, links_resolve
from tests.render.parts import HOSTILE
from tests.render.reports import named_report, small_report


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(small_report()))


def test_the_policy_comes_first_and_names_exactly_our_style_and_script(page: Page) -> None:
    inside = page.elements[page.elements.index(("head", {})) + 1]
    assert inside[0] == "meta"
    assert inside[1]["http-equiv"] == "Content-Security-Policy"
    policy = inside[1]["content"] or ""
    assert policy.startswith("default-src 'none';")
    for rule in ("img-src data:", "base-uri 'none'", "form-action 'none'"):
        assert rule in policy
    assert len(page.styles) == len(page.scripts) == 1
    for text, kind in ((page.styles[0], "style"), (page.scripts[0], "script")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_nothing_the_policy_forbids_and_nothing_from_elsewhere(page: Page) -> None:
    names = {name for _, attributes in page.elements for name in attributes}
    assert "style" not in names
    assert [name for name in names if name.startswith("on")] == []
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = attributes.get(name)
            if value is None or value.startswith(("#", "data:")):
                continue
            assert tag == "a", f"<{tag} {name}={value}> would be fetched"
            assert value.startswith("https://")
    assert "url(" not in page.styles[0]
    assert "@import" not in page.styles[0]


def test_every_anchor_leads_somewhere(page: Page) -> None:
    links_resolve(page)


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_pictures_have_words_or_are_hidden_and_tables_have_captions(page: Page) -> None:
    for tag, attributes in page.elements:
        if attributes.get("role") == "img":
            assert attributes.get("aria-label"), f"<{tag} {attributes}> has no words"
    tables = sum(tag == "table" for tag, _ in page.elements)
    captions = sum(tag == "caption" for tag, _ in page.elements)
    assert captions >= tables - 1, "all but a finding's own table have a caption"
    assert all(attributes.get("scope") for tag, attributes in page.elements if tag == "th")


def test_what_the_report_says_is_on_the_page(page: Page) -> None:
    text = " ".join(" ".join(page.text).split())
    report = small_report()
    for finding in report.findings:
        assert finding.title in text
        assert finding.why in text
    for said in ("Yes", "Partial", "2 errors", "1 warning", "1 note", "1 passed", "24.3 kB", "ab" * 32):
        assert said in text
    for said in ("my . module", "Thing", "Not known", "ends past the end of the file"):
        assert said.replace(" . ", ".") in text.replace(". ", ".")
    for said in (
        "conv1",
        "16 × 3 × 3 × 3",
        "batchnorm",
        "Adam or AdamW",
        "StepLR",
        "0.9712",
        "module.",
        "DataParallel",
    ):
        assert said in text or said in text.replace(". ", ".")
    assert "is 14 times the median of its kind (0.280 against 0.0200)." in text
    assert "2 dead units: 3, 5." in text
    assert "8 of 16 filters" in text


def test_absent_content_is_an_absent_section() -> None:
    report = msgspec.structs.replace(
        small_report(), models=(), tensors=(), findings=(), training=type(small_report().training)()
    )
    report = msgspec.structs.replace(report, summary=msgspec.structs.replace(report.summary, worst=()))
    page = Page(render_html(report))
    ids = set(page.attributes("id"))
    assert {"verdict", "safety", "contents", "provenance"} <= ids
    assert ids.isdisjoint({"findings", "model", "layers", "filters", "training", "depth"})
    links_resolve(page)


def test_a_hostile_name_is_text_everywhere() -> None:
    names = [
        HOSTILE,
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "</style></script><b>",
        "{{ 7 * 7 }}",
        "javascript:alert(1)",
        "\u202egnp.exe",
        "nul\x00 bell\x07 escape\x1b[31m",
        "line\nbreak\ttab",
        "lone \ud800 half",
        "x" * 100_000,
        "",
        "a.b",
        "a-b",
        "A.B",
    ]
    report = named_report(names)
    report = msgspec.structs.replace(
        report,
        title=names[1],
        checkpoint=msgspec.structs.replace(
            report.checkpoint, name=names[1], problems=(HOSTILE,), format={HOSTILE: HOSTILE}
        ),
    )
    text = render_html(report)
    text.encode("utf-8")
    page = Page(text)
    assert len(page.scripts) == len(page.styles) == 1
    acting = [tag for tag, attributes in page.elements if tag == "script" and not attributes.get("type")]
    assert len(acting) == 1
    assert not any(tag == "img" for tag, _ in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    for link in page.attributes("href"):
        assert link.startswith(("#", "data:", "https://"))
    shown = "".join(page.text)
    for forbidden in ("\u202e", "\x00", "\x07", "\x1b", "\ud800"):
        assert forbidden not in text
    assert "{{ 7 * 7 }}" in shown
    assert "\\u202e" in shown
    assert "…" in shown
    assert "x" * 500 not in text
    assert len(text) < 400_000
    links_resolve(page)


def test_anchors_are_readable_and_do_not_depend_on_the_order() -> None:
    names = ["layer1.0.conv1", "Layer1.0.Conv1", "layer1.0.conv1_", "conv", "ünï"]

    def anchors(order: list[str]) -> dict[str, str]:
        from pthreport.render.page.index import index

        report = named_report(order)
        return {key[1]: anchor for key, anchor in index(report).layer_anchors.items()}

    given = anchors(names)
    assert given["conv"] == "layer-conv"
    assert given["layer1.0.conv1"].startswith("layer-layer1-0-conv1-")
    assert len(set(given.values())) == len(names)
    assert anchors(names[::-1]) == given


def test_the_numbers_travel_in_the_page() -> None:
    report = small_report()
    link = next(
        value
        for value in Page(render_html(report)).attributes("href")
        if value.startswith("data:application")
    )
    packed = from_json(gzip.decompress(base64.b64decode(link.partition(",")[2])))
    for here, there in zip(packed.tensors, report.tensors, strict=True):
        assert (here.picture, here.excerpt, here.units.norms if here.units else ()) == (None, None, ())
        assert (here.path, here.statistics, here.histogram) == (
            there.path,
            there.statistics,
            there.histogram,
        )
    assert packed.findings == report.findings


def test_a_finding_s_layer_is_never_left_out() -> None:
    names = [f"layer{number}" for number in range(1500)]
    report = named_report(names)
    smallest = report.models[0].layer_list[1400]
    finding = msgspec.structs.replace(report.findings[0], where=smallest.tensors)
    text = render_html(msgspec.structs.replace(report, findings=(finding,)))
    assert 'href="#layer-layer1400"' in text
    assert '<tbody id="layer-layer1400"' in text


def test_a_damaged_picture_leaves_the_rest_of_the_page() -> None:
    report = small_report()
    damaged = tuple(
        msgspec.structs.replace(record, picture=msgspec.structs.replace(record.picture, data="AAAA"))
        if record.picture
        else record
        for record in report.tensors
    )
    page = Page(render_html(msgspec.structs.replace(report, tensors=damaged)))
    assert "layer-conv1-picture" not in page.attributes("id")
    assert "conv1" in page.text
    links_resolve(page)


def test_a_report_read_back_gives_the_same_page() -> None:
    report = small_report()
    assert render_html(from_json(to_json(report))) == render_html(report)


def test_the_same_bytes_whatever_the_hash_seed_the_zone_and_the_folder(tmp_path: Path) -> None:
    program = (
        "import sys, hashlib; from tests.render.reports import small_report; "
        "from pthreport.render.html import render_html; "
        "print(hashlib.sha256(render_html(small_report()).encode()).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    digests = set()
    for seed, zone, folder in (("1", "UTC", root), ("2", "Asia/Tokyo", tmp_path)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(root)}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    digests.add(hashlib.sha256(render_html(small_report()).encode()).hexdigest())
    assert len(digests) == 1
