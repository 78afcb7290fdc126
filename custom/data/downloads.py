"""Data sets fetched as their manifest says: ``python -m custom.downloads MANIFEST FOLDER``."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlparse

import requests

from ..errors import InputError, show_input_errors
from ..ground.files import atomic_path, sha256
from ..ground.progress import Bar
from .archives import is_archive, unpack
from .manifests._checking import load_manifest, read_downloads
from .manifests._finding import find_manifest
from .manifests._models import Download

_SECONDS = 30  # without a byte from the server
_PIECE = 2**20  # bytes


def download(url: str, digest: str, file: Path) -> Path:
    """Download a file, unless it is there already.

    It gets its name only when it is whole and its SHA-256 agrees; one of that name with another SHA-256 is replaced.

    Args:
        url: of http or https.
        digest: the SHA-256 that the file must have, in hexadecimal.
        file: where it is to be; its folder is created.

    Returns:
        ``file``.

    Raises:
        InputError: the server does not give the file, or gives another one.
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
            raise InputError.about(url, f"a file with the SHA-256 {found}", f"{digest.lower()}; it was not kept")
    return file


def _fetch(url: str, path: Path) -> None:
    # Not to be compressed on its way: then its bytes would not be those that were hashed.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(url, stream=True, timeout=_SECONDS, headers=headers) as answer, path.open("wb") as target:
        answer.raise_for_status()
        size = int(answer.headers.get("Content-Length", 0))
        _check_room(url, size, path.parent)
        with Bar(-(-size // _PIECE), f"downloading {_name(url)}, MB") as bar:
            for piece in answer.iter_content(_PIECE):
                target.write(piece)
                bar.update()


def _check_room(url: str, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError.about(url, f"{size} bytes", f"at most the {free} that are free in {folder}")


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the answer {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.Timeout):
        return f"no answer within {_SECONDS} seconds"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "a download that broke off"
    return f"no download ({type(error).__name__})"


def _name(url: str) -> str:
    return PurePosixPath(unquote(urlparse(url).path)).name or "download"


def fetch_dataset(manifest: str | Path, folder: Path) -> Path:
    """Download and unpack a data set into a folder, with its manifest as ``manifest.json``.

    The folder appears only when all is whole. What was downloaded before an interruption lies beside it, hidden, and is
    used by the next call if its SHA-256 agrees.

    Args:
        manifest: a file, or a name in ``data_manifests/``; it has the key ``download``.
        folder: a new or an empty folder, or one that this manifest has filled before, which is left as it is.

    Returns:
        ``folder``.

    Raises:
        InputError: the manifest is wrong or has no ``download``, a download or an archive is refused, or the folder
            holds something else.
    """
    source = find_manifest(manifest)
    downloads = read_downloads(source, load_manifest(source, folder).download)
    if not downloads:
        raise InputError.about(source, "no key 'download'", "one with url and sha256")
    folder = folder.expanduser().absolute()
    if _is_there(source, folder):
        return folder
    kept = folder.with_name(f".{folder.name}-downloads")
    files = [download(one.url, one.sha256, kept / f"{one.sha256[:12]}-{_file_name(one)}") for one in downloads]
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        made = Path(temporary) / "made"  # one level down, to have ordinary permissions
        made.mkdir()
        for number, (one, file) in enumerate(zip(downloads, files, strict=True)):
            _put(one, file, Path(temporary) / str(number), made)
        with atomic_path(made / "manifest.json") as path:
            shutil.copyfile(source, path)
        made.replace(folder)
    shutil.rmtree(kept)
    return folder


def _is_there(manifest: Path, folder: Path) -> bool:
    """Return whether a folder was filled by a manifest; raise InputError if it holds something else."""
    own = folder / "manifest.json"
    if own.is_file() and own.read_bytes() == manifest.read_bytes():
        return True
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError.about(folder, "a file" if folder.is_file() else "other files", "a new or an empty folder")
    return False


def _file_name(one: Download) -> str:
    return one.name or _name(one.url)


def _put(one: Download, file: Path, temporary: Path, made: Path) -> None:
    """Put what was downloaded where it belongs in the data folder."""
    target = made / one.into
    if is_archive(file):
        unpack(file, temporary)
    else:
        temporary.mkdir()
        shutil.copyfile(file, temporary / _file_name(one))
    root = temporary / one.root
    if not root.is_dir():
        raise InputError.about(one.url, f"no folder {one.root} in the archive", "the one that the manifest names")
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(root.iterdir()):
        if (target / path.name).exists():
            found = f"{path.name}, which another download has brought already"
            raise InputError.about(one.url, found, "different names, or into different folders")
        path.rename(target / path.name)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m custom.downloads", description=__doc__)
    parser.add_argument("manifest", help="a manifest with the key download, or the name of one in data_manifests")
    parser.add_argument("folder", type=Path, help="a new or an empty folder")
    given = parser.parse_args()
    show_input_errors()
    print(f"Data set: {fetch_dataset(given.manifest, given.folder)}")


if __name__ == "__main__":
    main()
