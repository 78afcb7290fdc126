"""Safe unpacking of archives from the internet: no file outside the target folder, no decompression bombs."""

from __future__ import annotations

import gzip
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from ..errors import InputError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Suffixes of the supported archives, in lower case."""

_CHUNK = 2**20  # bytes copied at once
_LONGEST_READ = 2**24  # bytes; tarfile requests more at once only for a header with an absurd length


@dataclass(frozen=True)
class Limits:
    """Limits on the contents of an archive.

    Attributes:
        members: largest number of files and folders.
        ratio: largest number of unpacked bytes per byte of the archive. It applies only beyond ``small``, because label
            images can be compressed by a factor of 1,000.
        small: number of unpacked bytes that any archive may have.
    """

    members: int = 1_000_000
    ratio: float = 200.0
    small: int = 2**30


class _Member(NamedTuple):
    """An entry of an archive."""

    name: str
    kind: str  # "file", "folder", or words for anything else
    size: int  # declared size of a file in bytes
    open: Callable[[], IO[bytes]]


def is_archive(file: Path) -> bool:
    """Return whether a file has one of ``ARCHIVE_SUFFIXES``.

    Examples:
        >>> is_archive(Path("cells.TAR.GZ")), is_archive(Path("cells.tif"))
        (True, False)
    """
    return file.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> list[Path]:
    """Unpack the files of an archive into a folder.

    Refused are names that lead out of the folder, links, devices, pairs of names that are equal on some file systems
    (``A.tif`` and ``a.tif``), and contents beyond the limits or the free disk space, by declared or by actual size.
    Only names and contents are restored, not owners, permissions or times. The rules are the same for ZIP and TAR, and
    stricter than the data filter of `tarfile`, which allows links.

    Args:
        archive: a file with one of ``ARCHIVE_SUFFIXES``.
        folder: a new or empty folder. After an error it may contain some of the files.
        limits: by default `Limits()`.

    Returns:
        The unpacked files, in the order of the archive.

    Raises:
        InputError: the archive is refused, damaged or encrypted, or the folder is not empty.
        OSError: the disk is full.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with zipfile.ZipFile(f"{folder}/a.zip", "w") as archive:
        ...         archive.writestr("image/1.txt", "pixels")
        ...     [file.name for file in unpack(Path(folder, "a.zip"), Path(folder, "out"))]
        ['1.txt']
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError.about(folder, "files", "a new or empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    usage = _Usage(archive, folder, limits or Limits())
    files = []
    with _open_members(archive) as members:
        for member in members:
            usage.register(member)
            if _is_root(member):
                continue
            place = folder.joinpath(*_parts(archive, member.name))
            if member.kind == "folder":
                place.mkdir(parents=True, exist_ok=True)
            elif member.kind == "file":
                _write(archive, member, place, usage)
                files.append(place)
            else:
                raise InputError.about(archive, f"{member.kind}, {member.name!r}", "only files and folders")
    return files


class _Usage:
    """Names and bytes of an archive that have been unpacked so far, and the limits on them."""

    def __init__(self, archive: Path, folder: Path, limits: Limits) -> None:
        self.archive = archive
        self.limits = limits
        self.members = 0
        size = archive.stat().st_size
        self.largest = max(limits.small, limits.ratio * size)
        self.expected = f"at most {limits.ratio:g} times the {size} bytes of the archive"
        if self.largest > (free := shutil.disk_usage(folder).free):
            self.largest, self.expected = free, f"at most the {free} bytes that are free on the disk"
        self.declared = 0
        self.written = 0
        self.kinds: dict[tuple[str, ...], str] = {}

    def register(self, member: _Member) -> None:
        """Count an entry; raise InputError if there are too many, they are too large, or its name is not unique."""
        self.members += 1
        if self.members > self.limits.members:
            raise InputError.about(self.archive, f"{self.members} files and folders or more", "the files of a data set")
        self.declared += member.size
        self._check(self.declared)
        if _is_root(member):
            return
        # Some file systems do not distinguish case, or two Unicode forms of a letter.
        parts = tuple(unicodedata.normalize("NFC", part).casefold() for part in _parts(self.archive, member.name))
        for end in range(1, len(parts)):
            self._register_name(parts[:end], "folder", member.name)
        self._register_name(parts, member.kind, member.name)

    def count_bytes(self, count: int) -> None:
        """Count bytes before they are written."""
        self.written += count
        self._check(self.written)

    def _check(self, size: int) -> None:
        if size > self.largest:
            raise InputError.about(self.archive, f"{size} bytes or more to unpack", self.expected)

    def _register_name(self, parts: tuple[str, ...], kind: str, name: str) -> None:
        present = self.kinds.setdefault(parts, kind) if kind == "folder" else self.kinds.get(parts)
        if present is not None and (present, kind) != ("folder", "folder"):
            raise InputError.about(self.archive, f"two files with the name {name!r}", "unique names on any file system")
        self.kinds[parts] = kind


def _is_root(member: _Member) -> bool:
    """Return whether a member is the archived folder itself, the first entry of ``tar -czf x.tgz .``."""
    return member.kind == "folder" and not PurePosixPath(member.name).parts


def _parts(archive: Path, name: str) -> tuple[str, ...]:
    """Return the parts of a path; raise InputError if it could lead out of the folder on any operating system."""
    parts = PurePosixPath(name).parts
    forbidden = any(part == ".." or part.startswith("/") or set(part) & set("\\:\0") for part in parts)
    if forbidden or not parts or any(not part.isprintable() or len(part.encode()) > 255 for part in parts):
        raise InputError.about(archive, f"the name {name!r}", "a valid name inside the folder")
    return parts


def _write(archive: Path, member: _Member, place: Path, usage: _Usage) -> None:
    with _reading(archive):
        source = member.open()
    place.parent.mkdir(parents=True, exist_ok=True)
    with source, place.open("xb") as target:
        while chunk := _read(archive, source):
            usage.count_bytes(len(chunk))
            target.write(chunk)


def _read(archive: Path, source: IO[bytes]) -> bytes:
    with _reading(archive):
        return source.read(_CHUNK)


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """Turn any exception that a library raises for a damaged archive into an `InputError`."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = f"a broken, incomplete or encrypted archive ({str(error).rstrip('.')})"
        raise InputError.about(archive, found, f"a complete archive ({' '.join(ARCHIVE_SUFFIXES)})") from error


def _open_members(archive: Path) -> AbstractContextManager[Iterator[_Member]]:
    return _zip_members(archive) if archive.name.lower().endswith(".zip") else _tar_members(archive)


@contextmanager
def _zip_members(archive: Path) -> Iterator[Iterator[_Member]]:
    with _reading(archive):
        opened = zipfile.ZipFile(archive)
    with opened:
        yield (_zip_member(opened, info) for info in opened.infolist())


def _zip_member(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = "folder" if info.is_dir() else "file"
    mode = stat.S_IFMT(info.external_attr >> 16)  # 0 if the archive was not made on Unix
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "a link" if mode == stat.S_IFLNK else "a device"
    return _Member(info.orig_filename, kind, info.file_size, lambda: opened.open(info))


@contextmanager
def _tar_members(archive: Path) -> Iterator[Iterator[_Member]]:
    open_stream: Any = gzip.open if archive.name.lower().endswith("gz") else open
    with open_stream(archive, "rb") as stream:
        guarded: Any = _LimitedReads(stream)
        with _reading(archive):
            opened = tarfile.open(fileobj=guarded, mode="r:")  # noqa: SIM115 closed by the `with` below
        with opened:
            yield _tar_entries(archive, opened)


def _tar_entries(archive: Path, opened: Any) -> Iterator[_Member]:
    while True:
        with _reading(archive):
            info = opened.next()
        if info is None:
            break
        opened.members.clear()  # otherwise tarfile would keep all of them
        yield _tar_member(opened, info)
    with _reading(archive):  # tarfile treats a damaged header as the end
        opened.fileobj.seek(opened.offset)
        if opened.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise ValueError("a damaged header")


def _tar_member(opened: Any, info: tarfile.TarInfo) -> _Member:
    kind = "folder" if info.isdir() else "file"
    if info.issym() or info.islnk():
        kind = "a link"
    elif info.issparse() or not (info.isdir() or info.isreg()):
        kind = "a device or a sparse file"
    return _Member(info.name, kind, info.size, lambda: opened.extractfile(info))


class _LimitedReads:
    """A stream that refuses very long reads, which tarfile requests only for headers with an absurd length."""

    def __init__(self, stream: Any) -> None:
        self.seek, self.tell = stream.seek, stream.tell
        self.stream = stream

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes."""
        if size > _LONGEST_READ:
            raise ValueError(f"a header of {size} bytes")
        return self.stream.read(size)
