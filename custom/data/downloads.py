"""Download of data sets with the URLs in their manifests: ``python -m custom.data.downloads MANIFEST FOLDER``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlparse

import requests

from ..errors import InputError, show_input_errors
from ..ground.files import atomic_path, sha256
from ..ground.names import as_given, in_home
from ..ground.progress import Bar
from .archives import is_archive, unpack
from .manifests._checking import load_manifest, read_downloads
from .manifests._finding import find_manifest
from .manifests._models import Download

_TIMEOUT = 30  # seconds without a byte from the server
_CHUNK = 2**20  # bytes


def download(url: str, digest: str, file: Path) -> Path:
    """Download a file, unless it exists already with the right checksum.

    The file appears only when it is complete and has the right SHA-256. It replaces a file with another SHA-256.

    Args:
        url: a URL with http or https.
        digest: the expected SHA-256 in hexadecimal.
        file: the target; its folder is created.

    Returns:
        ``file``.

    Raises:
        InputError: the download fails, or the file has another SHA-256.
        OutputError: the folder cannot be created or written to, or the disk is full.
    """
    if file.is_file() and sha256(file) == digest.lower():
        return file
    with atomic_path(file) as path:
        try:
            _fetch(url, path)
        except requests.RequestException as error:
            raise InputError.about(url, _reason(error), "a file to download") from error
        found = sha256(path)
        if found != digest.lower():
            raise InputError.about(url, f"a file with the SHA-256 {found}", f"{digest.lower()}; the file was discarded")
    return file


def _fetch(url: str, path: Path) -> None:
    # No compression during transfer: the checksum is that of the stored file.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(url, stream=True, timeout=_TIMEOUT, headers=headers) as response, path.open("wb") as target:
        response.raise_for_status()
        size = int(response.headers.get("Content-Length", 0))
        _check_room(url, size, path.parent)
        with Bar(-(-size // _CHUNK), f"downloading {_name_in(url)}, MB") as bar:
            for chunk in response.iter_content(_CHUNK):
                target.write(chunk)
                bar.update()


def _check_room(url: str, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError.about(url, f"{size} bytes", f"at most the {free} bytes that are free in {folder}")


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the HTTP status {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.Timeout):
        return f"no response within {_TIMEOUT} seconds"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "an interrupted download"
    return f"a failed download ({type(error).__name__})"


def _name_in(url: str) -> str:
    return PurePosixPath(unquote(urlparse(url).path)).name or "download"


def fetch_dataset(manifest: str | Path, folder: Path) -> Path:
    """Download and unpack a data set into a folder, and copy its manifest there as ``manifest.json``.

    The folder appears only when the data set is complete. After an interruption, finished downloads remain in a hidden
    folder next to it and are reused by the next call.

    Args:
        manifest: a file, or a name in ``data_manifests/``, with the key ``download``.
        folder: a new or empty folder, or one with the finished data set, which is left unchanged.

    Returns:
        ``folder``, as an absolute path.

    Raises:
        InputError: the manifest is invalid or has no ``download``, a download or an archive is refused, or the folder
            contains something else.
        OutputError: the folder cannot be created or written to, or the disk is full.
    """
    source = find_manifest(manifest)
    downloads = read_downloads(source, load_manifest(source, folder).download)
    if not downloads:
        raise InputError.about(source, "no key 'download'", "one with url and sha256")
    folder = as_given(in_home(folder))
    if _is_finished(source, folder):
        return folder
    cache = folder.with_name(f".{folder.name}-downloads")
    files = [download(one.url, one.sha256, cache / f"{one.sha256[:12]}-{_file_name(one)}") for one in downloads]
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        unpacked = Path(temporary) / "unpacked"  # a subfolder, so that it gets default permissions
        unpacked.mkdir()
        for number, (one, file) in enumerate(zip(downloads, files, strict=True)):
            _add(one, file, Path(temporary) / str(number), unpacked)
        with atomic_path(unpacked / "manifest.json") as path:
            shutil.copyfile(source, path)
        unpacked.replace(folder)
    shutil.rmtree(cache)
    return folder


def _is_finished(manifest: Path, folder: Path) -> bool:
    """Return whether a folder contains the finished data set; raise InputError if it contains something else."""
    own = folder / "manifest.json"
    if own.is_file() and own.read_bytes() == manifest.read_bytes():
        return True
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError.about(folder, "a file" if folder.is_file() else "other files", "a new or empty folder")
    return False


def _file_name(one: Download) -> str:
    return one.name or _name_in(one.url)


def _add(one: Download, file: Path, temporary: Path, unpacked: Path) -> None:
    """Add the contents of a downloaded file to the data set, in the folder that the manifest gives."""
    target = unpacked / one.into
    if is_archive(file):
        unpack(file, temporary)
    else:
        temporary.mkdir()
        shutil.copyfile(file, temporary / _file_name(one))
    root = temporary / one.root
    if not root.is_dir():
        raise InputError.about(one.url, f"no folder {one.root} in the archive", "the folder given in the manifest")
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(root.iterdir()):
        if (target / path.name).exists():
            found = f"{path.name}, which is also in another download"
            raise InputError.about(one.url, found, "different names, or different folders for `into`")
        path.rename(target / path.name)


def main() -> None:
    """Run the command ``python -m custom.data.downloads``."""
    parser = argparse.ArgumentParser(prog="python -m custom.data.downloads", description=__doc__)
    parser.add_argument("manifest", help="a manifest with the key download, or the name of one in data_manifests/")
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    given = parser.parse_args()
    show_input_errors()
    print(f"Data set: {fetch_dataset(given.manifest, given.folder)}")


if __name__ == "__main__":
    main()
