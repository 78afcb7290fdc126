"""Reports in a browser: no errors, no requests, working sliders, sortable tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chromium
import numpy as np
import pytest
import torch
from PIL import Image
from report_pages import full_report

from custom.evaluation import Pictures, ScoreTable, View, mask_view
from custom.ground.score_tables import mean
from custom.html import Comparison
from custom.report import report_evaluation
from custom.tracking import write_report

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

ORANGE = (255, 80, 0)  # of a contour of the result
LARGEST = 30_000_000  # bytes, of a page


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    pytest.importorskip("selenium", reason=chromium.ABSENT)
    if not chromium.is_installed():
        pytest.skip(chromium.ABSENT)
    with chromium.headless() as browser:
        yield browser


def write_evaluation(folder: Path, count: int, side: int = 512) -> Path:
    """Write the report of an evaluation of noise, which compresses badly; each result has an extra square."""
    draw = np.random.default_rng(0)
    label, pred = torch.zeros(1, side, side, dtype=torch.uint8), torch.zeros(1, side, side)
    label[:, side // 8 : side // 4, side // 8 : side // 4] = 1
    pred[:, side // 2 : side * 7 // 8, side // 2 : side * 7 // 8] = 1
    table = ScoreTable(pictures=Pictures(mask_view(0.5)))
    assert table.pictures is not None
    for number in range(count):
        image = torch.tensor(draw.integers(0, 256, (1, side, side), np.uint8))
        score = float("nan") if number % 50 == 49 else float(draw.uniform())
        table.rows.append({"split": "test", "image": f"image {number}", "dice": score})
        table.pictures.offer("test", f"image {number}", score, {"image": image, "pred": pred, "label": label})
    scores = [row["dice"] for row in table.rows]
    table.means["test"] = {"images": count, "dice": mean(scores), "dice_std": mean(scores, of=np.std)}
    (folder / "model.pt").write_bytes(b"weights")
    report_evaluation("my_task", table, [], folder, folder / "model.pt", 0.5)
    return folder / "report.html"


@pytest.fixture(scope="module")
def small_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_evaluation(tmp_path_factory.mktemp("small"), 12, side=64)


def found(browser: Chrome, selector: str) -> WebElement:
    return browser.find_element("css selector", selector)


def right_side(browser: Chrome) -> str:
    """Return the clipping of the right layer of the first picture."""
    return found(browser, ".compare .right").value_of_css_property("clip-path")


def orange_pixels(picture: WebElement) -> int:
    """Return the number of pixels of a displayed picture with the color of the result."""
    pixels = np.asarray(Image.open(BytesIO(picture.screenshot_as_png)).convert("RGB")).astype(int)
    return int((np.abs(pixels - ORANGE).max(axis=-1) < 40).sum())


def test_a_page_stands_alone(browser: Chrome, small_page: Path) -> None:
    chromium.opened(browser, small_page)
    sources = re.findall(r'\b(?:src|href)="([^"]*)"', small_page.read_text(encoding="utf-8"))
    assert {source[:5] for source in sources if not source.startswith("#")} == {"data:"}
    assert chromium.load_pictures(browser) == {"count": 24, "broken": 0}


def test_the_slider_follows_the_keyboard_and_the_mouse(browser: Chrome, small_page: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    chromium.opened(browser, small_page)
    slider = found(browser, ".compare input")
    assert right_side(browser) == "inset(0px 0px 0px 50%)"
    slider.send_keys(Keys.ARROW_RIGHT * 10)
    assert right_side(browser) == "inset(0px 0px 0px 60%)"
    slider.send_keys(Keys.HOME)
    assert right_side(browser) == "inset(0px 0px 0px 0%)"
    whole = orange_pixels(found(browser, ".compare"))
    slider.send_keys(Keys.END)
    assert right_side(browser) == "inset(0px 0px 0px 100%)"
    assert whole > 50
    assert orange_pixels(found(browser, ".compare")) == 0
    width = slider.size["width"]
    middle = ActionChains(browser).move_to_element_with_offset(slider, width // 2 - 3, 0)
    middle.click_and_hold().move_by_offset(-width // 4 - width // 2 + 3, 0).release().perform()
    assert float(slider.get_attribute("value")) == pytest.approx(25, abs=4)
    assert right_side(browser) == f"inset(0px 0px 0px {slider.get_attribute('value')}%)"


def test_a_switch_shows_plain_images(browser: Chrome, small_page: Path) -> None:
    chromium.opened(browser, small_page)
    layer = found(browser, ".compare .right")
    for visibility in ("hidden", "visible"):
        found(browser, ".controls input").click()
        assert layer.value_of_css_property("visibility") == visibility


def test_a_table_sorts(browser: Chrome, small_page: Path) -> None:
    """Numbers sort numerically, also within names; undefined ones come last in both orders."""
    chromium.opened(browser, small_page)

    def column(number: int) -> list[str]:
        cells = browser.find_elements("css selector", f"table.sortable tbody tr td:nth-child({number})")
        return [cell.get_attribute("data-value") or "" for cell in cells]

    def click(number: int) -> WebElement:
        head = found(browser, f"table.sortable th:nth-child({number})")
        head.find_element("css selector", "button").click()
        return head

    scores = column(3)
    for order in ("ascending", "descending"):
        assert click(3).get_attribute("aria-sort") == order
        assert column(3) == sorted(scores, key=float, reverse=order == "descending")
    click(2)
    assert column(2) == [f"image {number}" for number in range(12)]
    assert found(browser, "table.sortable th:nth-child(3)").get_attribute("aria-sort") is None


def test_a_table_keeps_what_is_empty_last(browser: Chrome, tmp_path: Path) -> None:
    chromium.opened(browser, write_evaluation(tmp_path, 50, side=16))
    for _ in range(2):
        found(browser, "table.sortable th:nth-child(3) button").click()
        assert found(browser, "table.sortable tbody tr:last-child").text == "test image 49 –"


@pytest.mark.parametrize("width", [400, 1400])
def test_a_page_fits_a_phone_and_a_laptop(browser: Chrome, small_page: Path, width: int) -> None:
    device = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
    try:
        chromium.opened(browser, small_page)
        wide, shown = (f"return document.documentElement.{name}Width" for name in ("scroll", "client"))
        assert browser.execute_script(wide) == browser.execute_script(shown) > width - 20
        assert len(browser.find_elements("css selector", "nav a")) >= 3
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_two_hundred_images(browser: Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single picture is reused to save time; `benchmarks/report.py` draws each one and measures the loading time."""
    show, drawn = View.show, []

    def once(*arguments: Any) -> Comparison:
        drawn[:] = drawn or [show(*arguments)]
        return drawn[0]

    monkeypatch.setattr(View, "show", once)
    page = write_evaluation(tmp_path, 204)
    assert page.stat().st_size < LARGEST
    chromium.opened(browser, page)
    assert chromium.load_pictures(browser) == {"count": 400, "broken": 0}


def test_the_report_of_a_sequence(browser: Chrome, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", full_report(tmp_path))
    chromium.opened(browser, tmp_path / "report.html")
    assert chromium.load_pictures(browser) == {"count": 5, "broken": 0}
    found(browser, "table.sortable th button").click()
