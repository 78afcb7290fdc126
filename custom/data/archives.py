"""Archives from elsewhere, unpacked so that nothing lands outside the folder and no disk is filled by a trick."""

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

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Endings of the archives that are unpacked, in lower case."""

_PIECE = 2**20  # bytes that are copied at once
_LONGEST_READ = 2**24  # bytes; tarfile asks for more at once only where a header claims to be absurdly long


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        members: files and folders.
        ratio: bytes unpacked per byte of the archive. Label images become 1,000 times smaller, so it counts only
            beyond ``small``.
        small: bytes unpacked that every archive may have.
    """

    members: int = 1_000_000
    ratio: float = 200.0
    small: int = 2**30


class _Member(NamedTuple):
    name: str
    kind: str  # "file", "folder", or what else it is
    size: int  # bytes of a file, as the archive declares them
    open: Callable[[], IO[bytes]]


def is_archive(file: Path) -> bool:
    """Tell whether the name is that of an archive that `unpack` takes."""
    return file.name.lower().endswith(SUFFIXES)


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> list[Path]:
    """Unpack the files of an archive into a folder.

    A name that leads out of the folder, a link, a device, and two names that are one on some computer (``A.tif`` and
    ``a.tif``) are refused, as is what goes beyond the limits or the space on the disk, whether declared or found. Names
    and bytes are all that is taken: no owner, no permissions, no time. These rules are stricter than the data filter of
    `tarfile`, which allows links, and the same for both kinds of archives.

    Args:
        archive: a file with one of ``SUFFIXES``.
        folder: a new or an empty folder. After an error there may be something in it.
        limits: by default those of `Limits`.

    Returns:
        The files, in the order of the archive.

    Raises:
        InputError: the archive is refused, broken or encrypted, or the folder is not empty.
        OSError: the disk is full.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError.about(folder, "files", "a new or an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    account = _Account(archive, folder, limits or Limits())
    files = []
    with _open_members(archive) as members:
        for member in members:
            account.enter(member)
            if _is_top(member):
                continue
            place = folder.joinpath(*_parts(archive, member.name))
            if member.kind == "folder":
                place.mkdir(parents=True, exist_ok=True)
            elif member.kind == "file":
                _write(archive, member, place, account)
                files.append(place)
            else:
                raise InputError.about(archive, f"{member.kind}, {member.name!r}", "files and folders alone")
    return files


class _Account:
    """What was taken from an archive, and what may be."""

    def __init__(self, archive: Path, folder: Path, limits: Limits) -> None:
        self.archive = archive
        self.members_left = limits.members
        held = archive.stat().st_size
        self.most = max(limits.small, limits.ratio * held)
        self.why = f"at most {limits.ratio:g} times the {held} bytes of the archive"
        if self.most > (free := shutil.disk_usage(folder).free):
            self.most, self.why = free, f"at most the {free} bytes that are free on the disk"
        self.declared = 0
        self.written = 0
        self.kinds: dict[tuple[str, ...], str] = {}

    def enter(self, member: _Member) -> None:
        """Note a member; refuse one too many, a size beyond the limit, and a name that is taken."""
        self.members_left -= 1
        if self.members_left < 0:
            raise InputError.about(self.archive, "more files than any data set has", "an archive of a data set")
        self.declared += member.size
        self._check(self.declared)
        if _is_top(member):
            return
        # Some disks do not tell upper from lower case, or two spellings of one letter.
        parts = tuple(unicodedata.normalize("NFC", part).casefold() for part in _parts(self.archive, member.name))
        for end in range(1, len(parts)):
            self._take(parts[:end], "folder", member.name)
        self._take(parts, member.kind, member.name)

    def write(self, count: int) -> None:
        """Note bytes that are about to be written."""
        self.written += count
        self._check(self.written)

    def _check(self, size: int) -> None:
        if size > self.most:
            raise InputError.about(self.archive, f"{size} bytes or more to unpack", self.why)

    def _take(self, parts: tuple[str, ...], kind: str, name: str) -> None:
        there = self.kinds.setdefault(parts, kind) if kind == "folder" else self.kinds.get(parts)
        if there is not None and (there, kind) != ("folder", "folder"):
            raise InputError.about(self.archive, f"two files for the name {name!r}", "one, whatever the computer")
        self.kinds[parts] = kind


def _is_top(member: _Member) -> bool:
    """Tell whether a member is the folder itself, with which ``tar -czf x.tgz .`` begins."""
    return member.kind == "folder" and not PurePosixPath(member.name).parts


def _parts(archive: Path, name: str) -> tuple[str, ...]:
    """Return the folders of a name, and its last part; refuse one that leads elsewhere, on any computer."""
    parts = PurePosixPath(name).parts
    forbidden = any(part == ".." or part.startswith("/") or set(part) & set("\\:\0") for part in parts)
    if forbidden or not parts or any(not part.isprintable() or len(part.encode()) > 255 for part in parts):
        raise InputError.about(archive, f"the name {name!r}", "names of files inside a folder")
    return parts


def _write(archive: Path, member: _Member, place: Path, account: _Account) -> None:
    with _reading(archive):
        source = member.open()
    place.parent.mkdir(parents=True, exist_ok=True)
    with source, place.open("xb") as target:
        while piece := _read(archive, source):
            account.write(len(piece))
            target.write(piece)


def _read(archive: Path, source: IO[bytes]) -> bytes:
    with _reading(archive):
        return source.read(_PIECE)


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """Turn what the libraries raise over an archive, which can be anything, into the one sentence for the user."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = f"a broken, incomplete or encrypted archive ({str(error).rstrip('.')})"
        raise InputError.about(archive, found, f"a whole archive ({' '.join(SUFFIXES)})") from error


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
    mode = stat.S_IFMT(info.external_attr >> 16)  # 0 in archives that were not made on Unix
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "a link" if mode == stat.S_IFLNK else "a device"
    return _Member(info.orig_filename, kind, info.file_size, lambda: opened.open(info))


@contextmanager
def _tar_members(archive: Path) -> Iterator[Iterator[_Member]]:
    open_stream: Any = gzip.open if archive.name.lower().endswith("gz") else open
    with open_stream(archive, "rb") as stream:
        guarded: Any = _Guarded(stream)
        with _reading(archive):
            opened = tarfile.open(fileobj=guarded, mode="r:")  # noqa: SIM115 it is closed below
        with opened:
            yield _tar_entries(archive, opened)


def _tar_entries(archive: Path, opened: Any) -> Iterator[_Member]:
    while True:
        with _reading(archive):
            info = opened.next()
        if info is None:
            break
        opened.members.clear()  # or it would keep all of them
        yield _tar_member(opened, info)
    with _reading(archive):  # tarfile takes a broken header for the end
        opened.fileobj.seek(opened.offset)
        if opened.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise ValueError("a broken header")


def _tar_member(opened: Any, info: tarfile.TarInfo) -> _Member:
    kind = "folder" if info.isdir() else "file"
    if info.issym() or info.islnk():
        kind = "a link"
    elif info.issparse() or not (info.isdir() or info.isreg()):
        kind = "a device or a sparse file"
    return _Member(info.name, kind, info.size, lambda: opened.extractfile(info))


class _Guarded:
    """A stream that refuses to read much at once, as tarfile asks only for the sake of an absurdly long header."""

    def __init__(self, stream: Any) -> None:
        self.seek, self.tell = stream.seek, stream.tell
        self.stream = stream

    def read(self, size: int) -> bytes:
        if size > _LONGEST_READ:
            raise ValueError(f"a header of {size} bytes")
        return self.stream.read(size)
