"""The page in a real browser: quiet, safe, and everything on it does what it says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pthreport.render.html import render_html
from tests.render.browser import Opened, console, requests, server
from tests.render.parts import HOSTILE
from tests.render.reports import named_report

Open = Callable[..., Opened]
OPEN_CARDS = "return all('#layers-table .more > td > details').map(one => one.open)"
TOTAL = "return document.querySelector('#layers-table .total').textContent"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1350, 1200, 800, 360])
def test_the_page_is_quiet_asks_for_nothing_and_fits(
    open_page: Open, small: str, width: int, scheme: str
) -> None:
    page = open_page(small, width=width, scheme=scheme)
    page.run("all('details').forEach(one => { one.open = true }); scrollTo(0, 1e6)")
    assert console(page.driver) == []
    assert requests(page.driver) == [small]
    assert page.run("return document.documentElement.scrollWidth") <= width
    colour = page.run("return getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")


@pytest.mark.parametrize("width", [1440, 1366, 1280, 1160, 860, 360])
def test_long_names_and_many_columns_make_no_page_scroll_sideways(
    open_page: Open, tmp_path: Path, width: int
) -> None:
    names = [
        f"encoder.layers.{number}.crossAttention_output_projection.lora_adapters.default"
        for number in range(9)
    ]
    file = tmp_path / "long.html"
    file.write_text(render_html(named_report([*names, "x" * 300])), encoding="utf-8")
    page = open_page(file.as_uri(), width=width)
    assert page.run("return document.documentElement.scrollWidth") <= width
    # The table keeps to its room, or scrolls within it.
    beyond = "return all('.table-scroll').filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'visible').length"
    assert page.run(beyond) == 0


@pytest.mark.parametrize("width", [1440, 1280, 1160, 1024])
def test_the_heads_of_a_long_table_stay_in_sight(open_page: Open, tmp_path: Path, width: int) -> None:
    file = tmp_path / "long.html"
    names = [f"encoder.layers.{number}.attention" for number in range(90)]
    file.write_text(render_html(named_report(names)), encoding="utf-8")
    page = open_page(file.as_uri(), width=width)
    page.run("all('#layers-table tbody')[60].scrollIntoView()")
    assert page.run("return all('#layers-table thead th')[0].getBoundingClientRect().top") == 0


def test_on_a_telephone_titles_and_captions_stay_on_the_screen(open_page: Open, small: str) -> None:
    page = open_page(small, width=360)
    page.run("all('details').forEach(one => { one.open = true })")
    words = page.run(
        "return all('.strip .title, .scroll caption').map(one => [one.textContent, one.getBoundingClientRect().right])"
    )
    assert len(words) > 6
    assert [text for text, right in words if right > 360] == []


def test_without_script_everything_is_there_and_nothing_pretends(
    driver: Any, open_page: Open, small: str
) -> None:
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(small)
        root = driver.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        text = driver.execute_cdp_cmd("DOM.getOuterHTML", {"nodeId": root})["outerHTML"]
        assert '<html lang="en">' in text
        assert "conv2" in text
        # What needs the script stays hidden: the tools, the heads that sort.
        assert len(re.findall(r'<div class="tools"[^>]* hidden', text)) == 2
        assert len(re.findall(r'<button type="button" class="show-more" hidden', text)) == 2
        assert 'role="button"' not in text.partition("<body>")[2].partition("<script>")[0]
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert console(driver) == []


def test_a_click_on_a_head_sorts_then_turns_then_restores(open_page: Open, small: str) -> None:
    page = open_page(small)
    assert page.rows() == ["conv1", "conv2", "bn1", "fc"]
    assert page.sort("Parameters") == "descending"
    assert page.rows() == ["conv2", "conv1", "fc", "bn1"]
    assert page.sort("Parameters") == "ascending"
    assert page.rows() == ["bn1", "fc", "conv1", "conv2"]
    assert page.sort("Parameters") is None
    assert page.rows() == ["conv1", "conv2", "bn1", "fc"]
    assert page.sort("Layer") == "ascending"
    assert page.rows() == ["bn1", "conv1", "conv2", "fc"]
    assert page.sort("Findings") == "descending"
    assert page.rows()[0] == "conv2"


def test_the_filter_hides_rows_and_the_totals_follow(open_page: Open, small: str) -> None:
    page = open_page(small)
    assert page.run(TOTAL) == "4 layers, 2,938 parameters, 11.8 kB"
    page.filter("CONV 3")
    assert page.rows() == ["conv1", "conv2"]
    assert page.run(TOTAL) == "2 of 4 shown, 2,736 parameters, 10.9 kB"
    # A sort holds under the filter, the filter under a sort.
    assert page.sort("Parameters") == "descending"
    assert page.rows() == ["conv2", "conv1"]
    page.filter("not finite")
    assert page.rows() == ["conv2"]
    page.filter("")
    assert page.rows() == ["conv2", "conv1", "fc", "bn1"]
    page.run(
        "const kind = all('[data-for=layers-table] .by-kind')[0]; kind.value = 'linear';"
        "kind.dispatchEvent(new Event('change'))"
    )
    assert page.rows() == ["fc"]
    assert page.run(TOTAL) == "1 of 4 shown, 170 parameters, 680 B"


def test_a_deep_link_opens_what_it_points_into(open_page: Open, small: str) -> None:
    page = open_page(small + "#layer-conv2")
    assert page.run("return document.querySelector('#layer-conv2 .more details').open")
    seen = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    assert -5 <= page.run(seen, "layer-conv2") <= 200
    # A passed check is folded twice.
    page = open_page(small + "#finding-gates")
    assert page.run(
        "const gates = document.getElementById('finding-gates'); return gates.open && gates.parentElement.open"
    )


def test_a_link_finds_a_row_that_the_filter_hid(open_page: Open, small: str) -> None:
    page = open_page(small)
    page.filter("bn1")
    assert page.rows() == ["bn1"]
    page.run("document.querySelector('.places a[href=\"#layer-conv2\"]').click()")
    assert page.rows() == ["conv1", "conv2", "bn1", "fc"]
    assert page.run("return document.querySelector('#layer-conv2 .more details').open")
    assert page.run("return document.activeElement.id") == "layer-conv2"


def test_links_and_rows_open_cards_and_all_can_be_folded(open_page: Open, small: str) -> None:
    page = open_page(small)
    assert page.run(OPEN_CARDS) == [False] * 4
    page.run(
        "document.querySelector('.strip-section .hits a[href=\"#layer-fc\"] rect')"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert page.run(OPEN_CARDS) == [False, False, False, True]
    assert page.run("return location.hash") == "#layer-fc"
    page.run("document.querySelector('#layer-bn1 .row .shape').click()")
    assert page.run(OPEN_CARDS) == [False, False, True, True]
    page.run("document.querySelector('[data-for=layers-table] .unfold').click()")
    assert page.run(OPEN_CARDS) == [True] * 4
    page.run("document.querySelector('[data-for=layers-table] .fold').click()")
    assert page.run(OPEN_CARDS) == [False] * 4
    assert console(page.driver) == []


def test_a_tensor_s_name_cannot_act(open_page: Open, tmp_path: Path) -> None:
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
    page = open_page(file.as_uri())
    page.run("all('details').forEach(one => { one.open = true })")
    with pytest.raises(NoAlertPresentException):
        _ = page.driver.switch_to.alert
    assert page.rows() == names
    # Not when the script draws them either.
    page.filter("alert")
    page.sort("Layer")
    assert sorted(page.rows()) == sorted(names)
    assert page.run("return all('img, iframe, [onload], [onclick], [onerror]').length") == 0
    assert console(page.driver) == []
    assert requests(page.driver) == [file.as_uri()]


def test_the_policy_stops_what_would_act_all_the_same(open_page: Open, tmp_path: Path) -> None:
    """If escaping ever failed: markup that acts, put into the page, is held by the policy alone."""
    text = render_html(named_report(["conv"]))
    broken = text.replace(
        "<main>",
        "<main><img src=x onerror=\"document.title='acted'\"><script>document.title='acted'</script>"
        "<style>main { color: red }</style><iframe src='data:text/html,x'></iframe>",
    )
    assert broken != text
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    with server(tmp_path) as (address, asked):
        page = open_page(f"{address}/broken.html")
        assert asked == ["/broken.html"]
    assert page.driver.title.startswith("small.pth")
    assert page.run("return getComputedStyle(document.querySelector('main')).color") == "rgb(27, 31, 36)"
    refused = console(page.driver)
    for kind in ("img-src", "script-src", "style-src", "frame-src"):
        assert any(kind in said or "default-src" in said for said in refused), kind


def test_a_text_in_a_folded_card_is_found(open_page: Open, small: str) -> None:
    """As find in page does, a text fragment opens what the text is folded into."""
    from selenium.webdriver.support.ui import WebDriverWait

    page = open_page("about:blank")
    page.driver.get(small + "#:~:text=Quantiles")
    opened = "return document.querySelectorAll('#layers-table .more > td > details[open]').length"
    assert WebDriverWait(page.driver, 10).until(lambda _: page.run(opened) == 1)


def test_the_numbers_are_written_alike_on_both_sides(open_page: Open, small: str) -> None:
    """The script's numbers are those of numbers.py: it writes the rows that the page did not."""
    from pthreport.document import numbers
    from pthreport.render.templates_folder import templates_folder

    source = templates_folder().joinpath("script/numbers.js").read_text("utf-8")
    values = [0.0, 1.0, -2.5, 12345.0, 999999.0, 1e6, 0.000999, 0.00123, 99.95, 0.9999, -1e-12, 123.456]
    values += [3.0 * 10.0**power for power in range(-300, 300, 37)] + [1.2345 * 7**k for k in range(12)]
    counts = [0, 999, 1000, 9999, 10_000, 99_949, 99_951, 999_499, 999_501, 25_557_032, 10**15]
    shares = [0.0, 1e-9, 0.0009, 0.5, 0.1234, 0.998, 0.9989, 0.99901, 0.9999999, 1.0]
    said = open_page(small).run(
        source + "return [arguments[0].map(value), arguments[1].map(count), arguments[1].map(size),"
        "arguments[2].map(percent)]",
        values,
        counts,
        shares,
    )
    assert said[0] == [numbers.value(item) for item in values]
    assert said[1] == [numbers.count(item) for item in counts]
    assert said[2] == [numbers.size(item) for item in counts]
    assert said[3] == [numbers.percent(item) for item in shares]
