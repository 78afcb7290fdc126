"""Unpacking of harmless archives, and refusal of malicious ones."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from custom.data import Limits, is_archive, unpack
from custom.errors import InputError

KINDS = ("zip", "tar", "tar.gz")
Names = list[tuple[str, bytes]]


def zipped(file: Path, members: Names) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED  # as it is, without the repairs of `ZipInfo`
            archive.writestr(info, content)
    return file


def tarred(file: Path, members: Names) -> Path:
    with tarfile.open(file, "w:gz" if file.suffix == ".gz" else "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(info, io.BytesIO(content))
    return file


def packed(folder: Path, kind: str, *names: str, content: bytes = b"data") -> Path:
    make = zipped if kind == "zip" else tarred
    return make(folder / f"a.{kind}", [(name, b"" if name.endswith("/") else content) for name in names])


def refused(archive: Path, folder: Path, found: str, limits: Limits | None = None) -> None:
    """Check that an archive is refused and that no file appears outside the folder."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError, match=found) as error:
        unpack(archive, folder / "inside" / "out", limits)
    assert str(error.value).startswith(f"{archive}: found ")
    assert [path for path in sorted(folder.rglob("*")) if "inside" not in path.parts] == before


def test_an_archive_that_begins_with_its_own_folder(tmp_path: Path) -> None:
    """The archive that ``tar -czf x.tgz .`` writes."""
    files = unpack(packed(tmp_path, "tar", "./", "./image/1.tif"), tmp_path / "out")
    assert files == [tmp_path / "out" / "image" / "1.tif"]


@pytest.mark.parametrize("kind", KINDS)
def test_unpacks_files_and_folders(kind: str, tmp_path: Path) -> None:
    archive = packed(tmp_path, kind, "set/", "set/image/1.tif", "set/image/größe 2.tif", "readme", "empty/")
    files = unpack(archive, tmp_path / "out")
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == [
        "set/image/1.tif",
        "set/image/größe 2.tif",
        "readme",
    ]
    assert all(file.read_bytes() == b"data" for file in files)
    assert (tmp_path / "out" / "empty").is_dir()
    assert is_archive(archive)
    assert not is_archive(tmp_path / "a.tif")


def test_takes_no_permissions(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("run.sh")
        info.mode, info.uid = 0o6777, 12345
        archive.addfile(info)
    (file,) = unpack(tmp_path / "a.tar", tmp_path / "out")
    assert not file.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)
    assert file.stat().st_uid != 12345


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "..", "C:x", "C:/x", "a\\..\\..\\x", "\\\\server\\x", "a\nb", "x" * 300]
)
def test_a_name_that_leads_elsewhere(kind: str, name: str, tmp_path: Path) -> None:
    refused(packed(tmp_path, kind, "first", name), tmp_path, "the name .*, expected a valid name inside")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "names", [("x", "x"), ("A.tif", "a.tif"), ("a", "a/b"), ("a/b", "A"), ("a/", "A"), ("é.tif", "e\u0301.tif")]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_names_that_are_one_somewhere(kind: str, names: tuple[str, str], tmp_path: Path) -> None:
    refused(packed(tmp_path, kind, *names), tmp_path, "two files with the name")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_folder_spelt_twice_is_one(kind: str, tmp_path: Path) -> None:
    assert len(unpack(packed(tmp_path, kind, "a/", "a/1", "a/", "a/2"), tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device"),
    ],
)
def test_what_is_no_file(kind: bytes, found: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, "../../outside"
        archive.addfile(info)
    refused(tmp_path / "a.tar", tmp_path, f"{found}.*, 'x', expected only files and folders")


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("x")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "../../outside")
    refused(tmp_path / "a.zip", tmp_path, "a link, 'x'")


# ----------------------------------------------------------------------------------------------------------- too large


@pytest.mark.parametrize("kind", KINDS)
def test_too_much_for_its_size(kind: str, tmp_path: Path) -> None:
    archive = packed(tmp_path, kind, "x", content=bytes(10**6))
    if kind == "tar":
        assert unpack(archive, tmp_path / "out", Limits(small=0))
    else:
        refused(archive, tmp_path, "1000000 bytes or more to unpack, expected at most 200 times", Limits(small=0))
        assert unpack(archive, tmp_path / "out", Limits(small=10**6))


@pytest.mark.parametrize("kind", KINDS)
def test_many_small_ones_count_together(kind: str, tmp_path: Path) -> None:
    archive = packed(tmp_path, kind, *map(str, range(9)), content=bytes(1000))
    refused(archive, tmp_path, "8000 bytes or more to unpack", Limits(small=7500, ratio=0))


@pytest.mark.parametrize("kind", KINDS)
def test_too_many(kind: str, tmp_path: Path) -> None:
    archive = packed(tmp_path, kind, *map(str, range(9)))
    refused(archive, tmp_path, "9 files and folders or more", Limits(members=8))
    assert len(unpack(archive, tmp_path / "out", Limits(members=9))) == 9


def test_more_than_the_disk_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 3}))
    refused(packed(tmp_path, "tar", "x"), tmp_path, "4 bytes or more .* the 3 bytes that are free")


def test_declared_less_than_it_is(tmp_path: Path) -> None:
    """A ZIP that declares 10 bytes for a member of a million bytes: no more than declared is written."""
    archive = packed(tmp_path, "zip", "x", content=bytes(10**6))
    content, size = bytearray(archive.read_bytes()), (10**6).to_bytes(4, "little")
    assert content.count(size) == 2
    archive.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    refused(archive, tmp_path, "a broken, incomplete or encrypted archive .*CRC")
    assert sum(file.stat().st_size for file in tmp_path.rglob("x")) <= 10


def test_declared_more_than_any_disk_has(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.tar.gz", "wb") as stream:
        info = tarfile.TarInfo("x")
        info.size = 2**50
        stream.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1000))
    refused(tmp_path / "a.tar.gz", tmp_path, f"{2**50} bytes or more to unpack")


def test_an_absurdly_long_header(tmp_path: Path) -> None:
    """The header of a name of 20 MB, which compresses well."""
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as stream:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 20_000_000
        stream.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(20_000_256))
    refused(tmp_path / "a.tar.gz", tmp_path, "a header of 20000256 bytes")


# -------------------------------------------------------------------------------------------------------------- broken


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damaged(content: bytes) -> bytes:
    """Change 600 bytes; in a TAR those of the second header, because contents have no checksum."""
    start = 10_752 if len(content) > 20_000 else len(content) // 2
    return content[:start] + bytes(byte ^ 255 for byte in content[start : start + 600]) + content[start + 600 :]


def text(content: bytes) -> bytes:
    return b"<html>Not found</html>"


def nothing(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [cut, damaged, text, nothing])
def test_broken(kind: str, fault: Callable[[bytes], bytes], tmp_path: Path) -> None:
    archive = packed(tmp_path, kind, "a", "b", content=bytes(range(256)) * 40)
    archive.write_bytes(fault(archive.read_bytes()))
    refused(archive, tmp_path, "a broken, incomplete or encrypted archive")


def test_encrypted(tmp_path: Path) -> None:
    archive = packed(tmp_path, "zip", "x")
    content = bytearray(archive.read_bytes())
    content[6] |= 1  # the flag in the local header
    content[content.index(b"PK\1\2") + 8] |= 1  # and in the directory
    archive.write_bytes(content)
    refused(archive, tmp_path, "encrypted.*password required")


def test_a_folder_that_is_in_use(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found files, expected a new or empty folder"):
        unpack(packed(tmp_path, "zip", "x"), tmp_path)
