"""How large the report of 200 images is, and how fast a browser opens it; needs Chromium and Selenium."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import chromium  # of the tests
from test_report_browser import write_evaluation

IMAGES = 204  # four of them have no score, and so no picture


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium.headless() as browser:
        start = time.perf_counter()
        page = write_evaluation(Path(folder), IMAGES)
        written = time.perf_counter() - start
        opened = []
        for _ in range(3):
            chromium.opened(browser, page)
            opened.append(
                browser.execute_script("return performance.timing.loadEventEnd - performance.timing.navigationStart")
            )
        start = time.perf_counter()
        pictures = chromium.load_pictures(browser)
        later = time.perf_counter() - start
        print(f"{IMAGES} images of 512 × 512 pixels of noise: {page.stat().st_size / 1e6:.1f} MB")
        print(f"drawn and written in {written:.1f} s")
        print(f"open after {min(opened) / 1000:.2f} s, with all {pictures['count']} pictures {later:.2f} s later")


if __name__ == "__main__":
    main()
