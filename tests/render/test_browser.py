"""The page in a real browser: quiet, safe, and everything on it does what it says."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pthreport.render.html import render_html
from tests.render.browser import MISSING, chromium, console, emulate, requests
from tests.render.parts import HOSTILE
from tests.render.reports import named_report, small_report

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("page") / "small.html"
    file.write_text(render_html(small_report()), encoding="utf-8")
    return file.as_uri()


def _open(driver: Any, address: str, **shape: Any) -> None:
    emulate(driver, **shape)
    driver.get("about:blank")
    console(driver)
    requests(driver)
    driver.get(address)


def _rows(driver: Any) -> list[str]:
    shown: list[str] = driver.execute_script(
        "return Array.from(document.querySelectorAll('#layers-table tbody:not([hidden]) .row > th'))"
        ".map(cell => cell.textContent)"
    )
    return shown


def _sort(driver: Any, head: str) -> str | None:
    found: str | None = driver.execute_script(
        "const button = Array.from(document.querySelectorAll('#layers-table thead [role=button]'))"
        ".find(one => one.textContent === arguments[0]);"
        "button.click(); return button.parentElement.getAttribute('aria-sort')",
        head,
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 800, 360])
def test_the_page_is_quiet_asks_for_nothing_and_fits(
    driver: Any, small: str, width: int, scheme: str
) -> None:
    _open(driver, small, width=width, scheme=scheme)
    assert console(driver) == []
    assert requests(driver) == [small]
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    colour = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")


def test_without_script_everything_is_there_and_nothing_pretends(driver: Any, small: str) -> None:
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        _open(driver, small)
        root = driver.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        text = driver.execute_cdp_cmd("DOM.getOuterHTML", {"nodeId": root})["outerHTML"]
        assert '<html lang="en">' in text
        assert "conv2" in text
        # What needs the script stays hidden: the tools, the heads that sort.
        assert len(re.findall(r'<div class="tools"[^>]* hidden', text)) == 2
        assert 'role="button"' not in text.partition("<body>")[2].partition("<script>")[0]
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert console(driver) == []


def test_a_click_on_a_head_sorts_then_turns_then_restores(driver: Any, small: str) -> None:
    _open(driver, small)
    assert _rows(driver) == ["conv1", "conv2", "bn1", "fc"]
    assert _sort(driver, "Parameters") == "descending"
    assert _rows(driver) == ["conv2", "conv1", "fc", "bn1"]
    assert _sort(driver, "Parameters") == "ascending"
    assert _rows(driver) == ["bn1", "fc", "conv1", "conv2"]
    assert _sort(driver, "Parameters") is None
    assert _rows(driver) == ["conv1", "conv2", "bn1", "fc"]
    assert _sort(driver, "Layer") == "ascending"
    assert _rows(driver) == ["bn1", "conv1", "conv2", "fc"]
    assert _sort(driver, "Findings") == "descending"
    assert _rows(driver)[0] == "conv2"


def test_the_filter_hides_rows_and_the_totals_follow(driver: Any, small: str) -> None:
    _open(driver, small)
    total = "return document.querySelector('#layers-table .total').textContent"
    assert driver.execute_script(total) == "4 layers, 2,938 parameters, 11.8 kB"
    typed = (
        "const field = document.querySelector('[data-for=layers-table] input'); field.value = arguments[0];"
        "field.dispatchEvent(new Event('input'))"
    )
    driver.execute_script(typed, "CONV 3")
    assert _rows(driver) == ["conv1", "conv2"]
    assert driver.execute_script(total) == "2 of 4 shown, 2,736 parameters, 10.9 kB"
    driver.execute_script(typed, "not finite")
    assert _rows(driver) == ["conv2"]
    driver.execute_script(typed, "")
    driver.execute_script(
        "const kind = document.querySelector('[data-for=layers-table] .by-kind'); kind.value = 'linear';"
        "kind.dispatchEvent(new Event('change'))"
    )
    assert _rows(driver) == ["fc"]
    assert driver.execute_script(total) == "1 of 4 shown, 170 parameters, 680 B"


def test_a_deep_link_opens_what_it_points_into(driver: Any, small: str) -> None:
    _open(driver, small + "#layer-conv2")
    assert driver.execute_script("return document.querySelector('#layer-conv2 .more details').open")
    seen = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    assert -5 <= driver.execute_script(seen, "layer-conv2") <= 200
    # A passed check is folded twice.
    _open(driver, small + "#finding-gates")
    assert driver.execute_script(
        "const gates = document.getElementById('finding-gates'); return gates.open && gates.parentElement.open"
    )


def test_links_and_rows_open_cards_and_all_can_be_folded(driver: Any, small: str) -> None:
    _open(driver, small)
    opened = "return Array.from(document.querySelectorAll('#layers-table .more > td > details')).map(one => one.open)"
    assert driver.execute_script(opened) == [False] * 4
    driver.execute_script(
        "document.querySelector('.strip-section .hits a[href=\"#layer-fc\"] rect').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert driver.execute_script(opened) == [False, False, False, True]
    assert driver.execute_script("return location.hash") == "#layer-fc"
    driver.execute_script("document.querySelector('#layer-bn1 .row .shape').click()")
    assert driver.execute_script(opened) == [False, False, True, True]
    driver.execute_script("document.querySelector('[data-for=layers-table] .unfold').click()")
    assert driver.execute_script(opened) == [True] * 4
    driver.execute_script("document.querySelector('[data-for=layers-table] .fold').click()")
    assert driver.execute_script(opened) == [False] * 4
    assert console(driver) == []


def test_the_keyboard_opens_a_card(driver: Any, small: str) -> None:
    from selenium.webdriver.common.keys import Keys

    _open(driver, small)
    summary = driver.find_element("css selector", "#layer-conv1 .more > td > details > summary")
    summary.send_keys(Keys.ENTER)
    assert driver.execute_script("return document.querySelector('#layer-conv1 .more > td > details').open")


def test_a_tensor_s_name_cannot_act(driver: Any, tmp_path: Path) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    names = [
        HOSTILE,
        '"><svg onload=alert(1)>',
        "x' onclick='alert(1)",
        "</script><script>alert(1)</script>",
    ]
    report = named_report(names)
    report = msgspec.structs.replace(report, title=HOSTILE)
    file = tmp_path / "hostile.html"
    file.write_text(render_html(report), encoding="utf-8")
    _open(driver, file.as_uri())
    driver.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")
    with pytest.raises(NoAlertPresentException):
        _ = driver.switch_to.alert
    assert _rows(driver) == names
    assert console(driver) == []
    assert requests(driver) == [file.as_uri()]


@pytest.mark.parametrize("sandbox", ["", "allow-scripts"])
@pytest.mark.parametrize("source", ["srcdoc", "blob"])
def test_it_stands_in_a_sandboxed_frame(driver: Any, tmp_path: Path, sandbox: str, source: str) -> None:
    packed = base64.b64encode(render_html(small_report()).encode()).decode()
    outer = tmp_path / "outer.html"
    outer.write_text(
        f"""<!DOCTYPE html><meta charset="utf-8"><iframe sandbox="{sandbox}" width="1240" height="700"></iframe>
<script>
const bytes = Uint8Array.from(atob("{packed}"), character => character.charCodeAt(0));
const frame = document.querySelector("iframe");
if ("{source}" === "blob") frame.src = URL.createObjectURL(new Blob([bytes], {{type: "text/html"}}));
else frame.srcdoc = new TextDecoder().decode(bytes);
</script>""",
        encoding="utf-8",
    )
    _open(driver, outer.as_uri())
    driver.switch_to.frame(0)
    try:
        heading = driver.find_element("css selector", "h1").text
        assert heading == "small.pth"
        if sandbox:
            # Native anchors do nothing in a blob frame: the page's own handler scrolls.
            driver.find_element("css selector", ".worst a[href='#finding-gone']").click()
            top = driver.execute_script(
                "return document.getElementById('finding-gone').getBoundingClientRect().top"
            )
            assert top < 200
            driver.find_element("css selector", "#findings .here").click()
    finally:
        driver.switch_to.default_content()
    # In a frame without scripts the browser says that it blocked ours, which is what was asked for.
    assert [said for said in console(driver) if "sandboxed" not in said] == []


def test_print_opens_what_is_folded(driver: Any, small: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    _open(driver, small)
    shown = (
        "return Array.from(document.querySelectorAll(arguments[0])).every(one => one.checkVisibility("
        "{contentVisibilityAuto: true, visibilityProperty: true}) && one.getBoundingClientRect().height > 0)"
    )
    assert not driver.execute_script(shown, ".card")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        # The browser lays out what was skipped with its next frames.
        wait = WebDriverWait(driver, 5)
        assert wait.until(lambda _: driver.execute_script(shown, ".card"))
        assert wait.until(lambda _: driver.execute_script(shown, ".finding .body"))
        assert (
            driver.execute_script("return getComputedStyle(document.querySelector('.rail')).display")
            == "none"
        )
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
