"""The page for everyone: rules checked by axe, the keyboard alone, and the outline a screen reader reads."""

import itertools
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from tests.render.browser import Opened

Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core as its Python package brings it (https://github.com/dequelabs/axe-core)."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(open_page: Open, small: str, axe: str, scheme: str, width: int) -> None:
    page = open_page(small, width=width, scheme=scheme)
    page.run("all('details').forEach(one => { one.open = true })")
    page.driver.set_script_timeout(120)
    page.driver.execute_script(axe)
    violations = page.driver.execute_async_script(
        "axe.run(document, {resultTypes: ['violations']}).then(found => arguments[0](found.violations.map("
        "one => `${one.id}: ${one.help}: ${one.nodes.map(node => node.html.slice(0, 120)).join(' | ')}`)))"
    )
    assert violations == []


def test_axe_would_find_what_is_wrong(open_page: Open, small: str, axe: str) -> None:
    page = open_page(small)
    page.run("document.querySelector('.what').style.color = '#ccc'")
    page.driver.execute_script(axe)
    found = page.driver.execute_async_script(
        "axe.run(document).then(found => arguments[0](found.violations.map(one => one.id)))"
    )
    assert found == ["color-contrast"]


def test_the_outline_is_headings_in_order_under_landmarks(open_page: Open, small: str) -> None:
    page = open_page(small)
    levels = page.run("return all('h1, h2, h3, h4').map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.run("return all('main, nav').map(one => one.tagName)") == ["NAV", "MAIN"]
    unnamed = page.run(
        "return all('section').filter(one => !one.getAttribute('aria-labelledby') && one.parentElement.tagName === 'MAIN').length"
    )
    assert unnamed == 0
    # Every heading of a section, and every layer, has a link to itself that can be copied.
    assert (
        page.run(
            "return all('main > section > h2, main > section > h3').filter(one => !one.querySelector('.here')).length"
        )
        == 0
    )
    assert (
        page.run("return all('#layers-table > tbody').filter(one => !one.querySelector('.here')).length")
        == 0
    )


def _press(driver: Any, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    chain = ActionChains(driver)
    for key in keys:
        chain.send_keys(key)
    chain.perform()


def test_the_keyboard_alone_reaches_and_works_everything(open_page: Open, small: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page = open_page(small)
    driver = page.driver
    focus = "return document.activeElement"
    _press(driver, Keys.TAB)
    first = page.run(focus)
    assert first.text == "Skip to the report"
    assert first.rect["x"] >= 0, "the link is seen once it has the focus"
    _press(driver, Keys.ENTER)
    assert page.run(focus).get_attribute("id") == "verdict"

    # From there on, tabulator alone: everything that can be worked is met, and shows that it is.
    met: set[str] = set()
    for _ in range(150):
        _press(driver, Keys.TAB)
        said = page.run(
            "const at = document.activeElement; if (at === document.body) return null;"
            "const seen = getComputedStyle(at); const box = at.getBoundingClientRect();"
            "return [at.tagName + '.' + at.className, at.textContent.trim(), seen.outlineStyle !== 'none' || seen.opacity === '1',"
            "box.top >= -1 && box.bottom <= innerHeight + 1]"
        )
        if said is None:
            break
        assert said[2], f"{said[0]} {said[1]} does not show that it has the focus"
        assert said[3], f"{said[0]} {said[1]} has the focus out of sight"
        met.add(said[0].partition(".")[0] + ":" + said[1][:20])
        if said[1] == "Parameters":
            _press(driver, Keys.ENTER)
            assert page.rows() == ["conv2", "conv1", "fc", "bn1"]
            _press(driver, Keys.SPACE)
            assert page.rows() == ["bn1", "fc", "conv1", "conv2"]
        if said[0].startswith("INPUT") and page.rows() == ["conv1", "conv2", "bn1", "fc"]:
            _press(driver, "bn")
            assert page.rows() == ["bn1"]
            _press(driver, Keys.BACKSPACE, Keys.BACKSPACE)
    assert {
        "SPAN:Parameters",
        "BUTTON:Save as CSV",
        "BUTTON:Open all",
        "SUMMARY:",
        "A:report.json.gz",
    } <= met

    driver.find_element("css selector", "#layer-conv1 .more > td > details > summary").send_keys(Keys.ENTER)
    assert page.run("return document.querySelector('#layer-conv1 .more > td > details').open")
