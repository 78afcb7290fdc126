"""Pages in headless Chromium, driven by Selenium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

PROGRAMS = ("chromium", "chromedriver")
ABSENT = "no headless Chromium: the Debian packages chromium and chromium-driver bring it, Selenium drives it"


def is_installed() -> bool:
    """Return whether there is a browser and its driver."""
    return all(shutil.which(program) for program in PROGRAMS)


@contextmanager
def headless() -> Iterator[Chrome]:
    """Start a browser, and end it.

    Raises:
        ImportError: Selenium is not installed.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which(PROGRAMS[0])
    # In a container there is no sandbox, and little shared memory.
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1200,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which(PROGRAMS[1])))
    try:
        yield browser
    finally:
        browser.quit()


def opened(browser: Chrome, page: Path) -> Chrome:
    """Open a page from disk, and check that it loads without errors and asks for nothing but its own pictures."""
    browser.get_log("browser")  # what earlier pages left
    browser.get(page.absolute().as_uri())
    assert browser.get_log("browser") == []
    names = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in names if not name.startswith("data:")] == []
    return browser


def load_pictures(browser: Chrome) -> dict[str, Any]:
    """Unfold a page, decode all its pictures, and return their number and how many are broken."""
    return browser.execute_async_script("""
        const done = arguments[arguments.length - 1];
        for (const details of document.querySelectorAll("details")) details.open = true;
        const pictures = [...document.images];
        for (const picture of pictures) picture.loading = "eager";
        const decoded = pictures.map((picture) => picture.decode().then(() => picture.naturalWidth > 0, () => false));
        Promise.all(decoded).then((all) => done({ count: all.length, broken: all.filter((one) => !one).length }));
    """)
