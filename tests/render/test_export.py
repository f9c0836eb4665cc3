"""What a reader takes out of the page: files where downloads work."""

import csv
import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from pthreport.document import from_json
from pthreport.render.html import render_html
from tests.render.browser import Opened
from tests.render.reports import named_report, small_report

Open = Callable[..., Opened]


def _downloaded(page: Opened, folder: Path, name: str) -> bytes:
    """The bytes of a file once the browser has written it into `folder`."""
    from selenium.webdriver.support.ui import WebDriverWait

    def there(_: Any) -> bool:
        return (folder / name).exists() and not list(folder.glob("*.crdownload"))

    WebDriverWait(page.driver, 20).until(there)
    return (folder / name).read_bytes()


def _into(page: Opened, folder: Path) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": os.fspath(folder)}
    )


def test_the_table_is_saved_as_it_is_filtered_and_sorted(
    open_page: Open, small: str, tmp_path: Path
) -> None:
    page = open_page(small)
    _into(page, tmp_path)
    page.sort("Parameters")
    page.filter("conv")
    page.run("document.querySelector('[data-for=layers-table] .csv').click()")
    rows = list(csv.DictReader(io.StringIO(_downloaded(page, tmp_path, "layers.csv").decode(), newline="")))
    assert [row["name"] for row in rows] == ["conv2", "conv1"]
    record = next(tensor for tensor in small_report().tensors if tensor.path == "net.conv2.weight")
    assert record.statistics is not None
    assert float(rows[0]["std"]) == record.statistics.std
    assert rows[0]["shape"] == "16 x 16 x 3 x 3"
    assert rows[0]["parameters"] == "2304"
    assert "Weights are not finite" in rows[0]["findings"]


def test_a_name_is_no_formula_and_no_second_cell(open_page: Open, tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", 'a","b', "line\nbreak", "plain", "Grün"]
    file = tmp_path / "names.html"
    file.write_text(render_html(named_report(names)), encoding="utf-8")
    page = open_page(file.as_uri())
    _into(page, tmp_path)
    page.run("document.querySelector('[data-for=layers-table] .csv').click()")
    text = _downloaded(page, tmp_path, "layers.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == [
        "'=HYPERLINK(1)", "'+1", "'-1", "'@x", 'a","b', "line\\x0abreak", "plain", "Grün",
    ]  # fmt: skip


def test_the_numbers_are_saved_as_json(open_page: Open, tmp_path: Path) -> None:
    report = named_report([f"layer{number}" for number in range(3000)])
    file = tmp_path / "numbers.html"
    file.write_text(render_html(report), encoding="utf-8")
    page = open_page(file.as_uri())
    _into(page, tmp_path)
    page.run("document.querySelector('a.download').click()")
    saved = from_json(gzip.decompress(_downloaded(page, tmp_path, "report.json.gz")))
    assert [tensor.path for tensor in saved.tensors] == [tensor.path for tensor in report.tensors]
    assert saved.findings == report.findings
    # The same again, as a report of its own.
    assert msgspec.structs.replace(saved, title="again").title in render_html(
        msgspec.structs.replace(saved, title="again")
    )
    # Outside a frame no text is offered beside the file.
    assert page.run("return all('.as-text:not([hidden])').length") == 0


def test_a_link_s_address_is_copied(open_page: Open, small: str) -> None:
    page = open_page(small)
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    page.driver.find_element("css selector", "#findings .here").click()
    copied = page.driver.execute_async_script(
        "const done = arguments[0]; const look = () => document.querySelector('#findings .copied') ?"
        "navigator.clipboard.readText().then(done, error => done(String(error))) : setTimeout(look, 20); look()"
    )
    assert copied == small + "#findings"
