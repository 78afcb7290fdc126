"""Downloads of data sets from a local server, and errors of servers."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_runs import ROOT

from custom.data import datalist, download, fetch_dataset, load_manifest, open_dataset
from custom.data.downloads import main
from custom.errors import InputError
from custom.images import write_image


class Server:
    """Files by path; ``asked`` records each request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.missing = 0  # bytes that are announced and never sent
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                content = server.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"") + server.missing))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def offer(self, path: str, content: bytes) -> dict[str, str]:
        """Add a file, and return its entry for a manifest."""
        self.files[path] = content
        return {"url": f"http://127.0.0.1:{self.http.server_port}{path}", "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """Return a ZIP with three images and masks in the folder ``cells``."""
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as pack:
        for kind in ("image", "mask"):
            for number in range(3):
                write_image(tmp_path / "x.tif", np.zeros((4, 5), np.uint8))
                pack.write(tmp_path / "x.tif", f"cells/{kind}/{number}.tif")
    return (tmp_path / "set.zip").read_bytes()


def write_manifest(folder: Path, download: Any) -> Path:
    content = {
        "name": "cells",
        "layout": "paired_folders",
        "image": "image",
        "label": "mask",
        "labels": {"background": 0, "cell": 255},
        "splits": {"train": {"numbers": [0, 1]}, "validation": {"numbers": [2]}},
        "download": download,
    }
    (folder / "cells.json").write_text(json.dumps(content))
    return folder / "cells.json"


# -------------------------------------------------------------------------------------------------------- single files


def test_a_file_is_downloaded_once(server: Server, tmp_path: Path) -> None:
    one, file = server.offer("/a.tif", b"pixels"), tmp_path / "new" / "a.tif"
    for _ in range(2):
        assert download(one["url"], one["sha256"].upper(), file).read_bytes() == b"pixels"
    assert server.asked == ["/a.tif"]


def test_a_file_with_another_hash_is_replaced(server: Server, tmp_path: Path) -> None:
    one, file = server.offer("/a.tif", b"pixels"), tmp_path / "a.tif"
    file.write_bytes(b"pixel")
    assert download(one["url"], one["sha256"], file).read_bytes() == b"pixels"


def test_a_wrong_file_never_gets_the_name(server: Server, tmp_path: Path) -> None:
    one = server.offer("/a.tif", b"pixels")
    server.files["/a.tif"] = b"others"
    found = hashlib.sha256(b"others").hexdigest()
    with pytest.raises(InputError, match=f"a.tif: found a file with the SHA-256 {found}, expected {one['sha256']}"):
        download(one["url"], one["sha256"], tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "missing", "found"),
    [("/b.tif", 0, "the HTTP status 404 Not Found"), ("/a.tif", 100, "an interrupted download")],
)
def test_what_the_server_does_not_give(path: str, missing: int, found: str, server: Server, tmp_path: Path) -> None:
    one = server.offer("/a.tif", b"pixels")
    server.missing = missing
    url = one["url"].replace("/a.tif", path)
    with pytest.raises(InputError, match=f"{url}: found {found}, expected a file to download"):
        download(url, one["sha256"], tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_no_server(server: Server, tmp_path: Path) -> None:
    one = server.offer("/a.tif", b"pixels")
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(InputError, match=r"found a failed download \(ConnectionError\)"):
        download(one["url"], one["sha256"], tmp_path / "a.tif")


def test_more_than_the_disk_has(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = server.offer("/a.tif", b"pixels")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 3}))
    with pytest.raises(InputError, match="found 6 bytes, expected at most the 3 bytes that are free"):
        download(one["url"], one["sha256"], tmp_path / "a.tif")


# ------------------------------------------------------------------------------------------------------------ data sets


def test_a_data_set_is_ready_to_train_on(server: Server, archive: bytes, tmp_path: Path) -> None:
    one = server.offer("/files/12?download=1", archive) | {"name": "set.zip", "root": "cells"}
    folder = tmp_path / "new" / "cells"
    for _ in range(2):
        assert fetch_dataset(write_manifest(tmp_path, one), folder) == folder
    assert len(server.asked) == 1
    assert len(datalist(open_dataset(folder, None, "dendrite"), ["train", "validation"])) == 3
    assert [path.name for path in folder.parent.iterdir()] == ["cells"]


def test_several_files_and_archives(server: Server, archive: bytes, tmp_path: Path) -> None:
    downloads = [
        server.offer("/set.zip", archive),
        server.offer("/terms.txt", b"CC0"),
        server.offer("/more.zip", archive) | {"root": "cells/image", "into": "more/image"},
    ]
    folder = fetch_dataset(write_manifest(tmp_path, downloads), tmp_path / "out")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert names >= {"manifest.json", "terms.txt", "cells/mask/0.tif", "more/image/2.tif"}
    assert len(names) == 2 + 6 + 3


def test_what_came_before_an_interruption_is_used(server: Server, archive: bytes, tmp_path: Path) -> None:
    first, second = server.offer("/set.zip", archive), server.offer("/b.txt", b"b")
    manifest = write_manifest(tmp_path, [first, second])
    del server.files["/b.txt"]
    with pytest.raises(InputError, match="404"):
        fetch_dataset(manifest, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    server.files["/b.txt"] = b"b"
    fetch_dataset(manifest, tmp_path / "out")
    assert server.asked == ["/set.zip", "/b.txt", "/b.txt"]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"root": "nowhere"}, "no folder nowhere in the archive"),
        ({"name": "set.tar"}, "a broken, incomplete or encrypted archive"),
    ],
)
def test_nothing_is_left_of_what_is_refused(
    more: dict, found: str, server: Server, archive: bytes, tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path, server.offer("/set.zip", archive) | more)
    with pytest.raises(InputError, match=found):
        fetch_dataset(manifest, tmp_path / "data" / "out")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".out-downloads"]


def test_two_downloads_with_one_name(server: Server, archive: bytes, tmp_path: Path) -> None:
    twice = [server.offer("/a/set.zip", archive), server.offer("/b/set.zip", archive)]
    with pytest.raises(InputError, match="found cells, which is also in another download"):
        fetch_dataset(write_manifest(tmp_path, twice), tmp_path / "out")


def test_a_folder_in_use_is_left_alone(server: Server, archive: bytes, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, server.offer("/set.zip", archive))
    with pytest.raises(InputError, match="found other files, expected a new or empty folder"):
        fetch_dataset(manifest, tmp_path)
    assert not server.asked


def test_a_manifest_without_downloads(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"isbi2012\.json: found no key 'download'"):
        fetch_dataset("isbi2012", tmp_path / "out")


GOOD = {"url": "https://example.org/a.zip", "sha256": 64 * "0"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("https://example.org/a.zip", "download 'https.*, expected url and sha256"),
        ({"url": "https://example.org/a.zip"}, "expected url and sha256"),
        ([GOOD, GOOD | {"md5": "0"}], "expected url and sha256"),
        (GOOD | {"url": "file:///etc/passwd"}, "download url 'file:///etc/passwd', expected a URL of http or https"),
        (GOOD | {"url": "https:///a"}, "expected a URL"),
        (GOOD | {"sha256": "0"}, "sha256 '0', expected 64 hexadecimal digits"),
        (GOOD | {"name": "../a.zip"}, "name '../a.zip', expected a file name without folders"),
        (GOOD | {"name": "a/b.zip"}, "name 'a/b.zip', expected a file name without folders"),
        (GOOD | {"root": "/"}, "root '/', expected a path inside the archive"),
        (GOOD | {"into": "../.."}, "a path inside the data folder"),
        (GOOD | {"into": 3}, "into 3, expected a path inside the data folder"),
    ],
)
def test_what_a_manifest_may_not_say(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_manifest(write_manifest(tmp_path, value), tmp_path)


def test_as_typed(server: Server, archive: bytes, tmp_path: Path) -> None:
    one = server.offer("/set.zip", archive)
    manifest = write_manifest(tmp_path, one | {"sha256": 64 * "0"})
    command = [sys.executable, "-m", "custom.data.downloads", str(manifest), "out"]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    refused = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"Error: {one['url']}: found a file with the SHA-256 {one['sha256']}")
    assert len(refused.stderr.splitlines()) == 1


def test_says_where_it_is(
    server: Server,
    archive: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = write_manifest(tmp_path, server.offer("/set.zip", archive))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["downloads", str(manifest), "out"])
    monkeypatch.setattr("sys.excepthook", sys.excepthook)  # which `main` replaces
    main()
    assert capsys.readouterr().out == f"Data set: {tmp_path / 'out'}\n"
