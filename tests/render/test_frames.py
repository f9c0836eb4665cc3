"""The page where it is really shown: in sandboxed frames of trackers, notebooks and mail."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pthreport.render.html import render_html
from tests.render.browser import Opened, console, server
from tests.render.reports import small_report

Open = Callable[..., Opened]
SANDBOXES = ["", "allow-scripts"]
SOURCES = ["src", "srcdoc", "blob"]


@contextmanager
def frame(open_page: Open, folder: Path, sandbox: str, source: str) -> Iterator[Any]:
    """The driver inside the report's frame."""
    text = render_html(small_report())
    (folder / "inner.html").write_text(text, encoding="utf-8")
    packed = base64.b64encode(text.encode()).decode()
    outer = folder / "outer.html"
    outer.write_text(
        f"""<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><iframe sandbox="{sandbox}" width="1240" height="700"></iframe>
<script>
const bytes = Uint8Array.from(atob("{packed}"), character => character.charCodeAt(0));
const frame = document.querySelector("iframe");
if ("{source}" === "src") frame.src = "inner.html";
else if ("{source}" === "blob") frame.src = URL.createObjectURL(new Blob([bytes], {{type: "text/html"}}));
else frame.srcdoc = new TextDecoder().decode(bytes);
</script>""",
        encoding="utf-8",
    )
    with server(folder) as (address, _):
        driver = open_page(f"{address}/outer.html").driver
        driver.switch_to.frame(0)
        try:
            yield driver
        finally:
            driver.switch_to.default_content()


def _top(driver: Any, place: str) -> float:
    found: float = driver.execute_script(
        f"return document.getElementById('{place}').getBoundingClientRect().top"
    )
    return found


@pytest.mark.parametrize("sandbox", SANDBOXES)
@pytest.mark.parametrize("source", SOURCES)
def test_it_stands_in_a_sandboxed_frame(open_page: Open, tmp_path: Path, sandbox: str, source: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    with frame(open_page, tmp_path, sandbox, source) as driver:
        assert driver.find_element("css selector", "h1").text == "small.pth"
        accent = "return getComputedStyle(document.querySelector('a[href]')).textDecorationLine"
        assert driver.execute_script(accent) == "none"
        # What is folded opens without a script.
        driver.find_element("css selector", "#finding-gone > summary").click()
        shown = "return document.getElementById('finding-gone').open"
        assert driver.execute_script(shown) is False
        if sandbox or source == "src":
            # Native anchors do nothing in a blob frame, and in a srcdoc one they lead to the page around it:
            # there the page's own handler scrolls, and without scripts nothing can.
            driver.find_element("css selector", ".worst a[href='#finding-gone']").click()
            wait = WebDriverWait(driver, 5)
            assert wait.until(lambda _: -5 <= _top(driver, "finding-gone") < 200)
        assert driver.execute_script("return document.documentElement.classList.contains('js')") is bool(
            sandbox
        )
    # In a frame without scripts the browser says that it blocked ours, which is what was asked for.
    assert [said for said in console(open_page("about:blank").driver) if "sandboxed" not in said] == []


@pytest.mark.parametrize("source", SOURCES)
def test_with_scripts_it_sorts_filters_copies_and_gives_its_numbers(
    open_page: Open, tmp_path: Path, source: str
) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    with frame(open_page, tmp_path, "allow-scripts", source) as driver:
        page = Opened.within(driver)
        page.sort("Parameters")
        assert page.rows() == ["conv2", "conv1", "fc", "bn1"]
        page.filter("conv")
        # The frame refuses the download and does not say so: the text is there to be copied.
        driver.find_element("css selector", "[data-for=layers-table] .csv").click()
        field = driver.find_element("css selector", ".as-text:not([hidden]) textarea")
        lines = field.get_attribute("value").splitlines()
        assert lines[0].startswith("name,model,kind,shape,dtype,parameters,bytes,mean,std")
        assert [line.split(",")[0] for line in lines[1:]] == ["conv2", "conv1"]
        driver.find_element("css selector", "a.download").click()
        numbers = "#provenance ~ .as-text:not([hidden]) textarea"
        wait = WebDriverWait(driver, 10)
        said = wait.until(lambda _: driver.find_element("css selector", numbers).get_attribute("value"))
        assert said.startswith('{"schema_version":')
        link = driver.find_element("css selector", "#findings .here")
        driver.execute_script("arguments[0].focus()", link)
        link.click()
        marks = "return ['copied', 'kept'].some(mark => arguments[0].classList.contains(mark))"
        assert wait.until(lambda _: driver.execute_script(marks, link))
    assert [said for said in console(driver) if "sandboxed" not in said and "Clipboard" not in said] == []
