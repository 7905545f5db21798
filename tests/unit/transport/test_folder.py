"""A partner who shares a disk: what only a folder can get wrong."""

import io
import os

import pytest

from gateway.errors import HostUnreachable, RemoteRefused
from gateway.transport.folder import _FolderDisk, open_folder


def no_links(*_args: object, **_options: object) -> None:
    """Behave as a file system that knows no links does."""
    raise PermissionError(1, "Operation not permitted")


def test_a_folder_that_is_not_mounted_is_unreachable(tmp_path):
    with pytest.raises(HostUnreachable), open_folder(tmp_path / "share"):
        pass


@pytest.mark.parametrize("folder", ["/..", "/../beta", "out/../..", "/link"])
def test_no_path_leads_out_of_the_shared_folder(tmp_path, folder):
    (tmp_path / "beta").mkdir()
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "link").symlink_to(tmp_path / "beta")
    with open_folder(tmp_path / "acme") as session, pytest.raises(RemoteRefused, match="leads out"):
        session.deliver(io.BytesIO(b"ISA"), 3, folder, "999.edi")


@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
def test_a_rename_never_overwrites(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "there").write_bytes(b"there")
    with pytest.raises(RemoteRefused):
        _FolderDisk(tmp_path).rename("/new", "/there")
    assert (b"new", b"there") == ((tmp_path / "new").read_bytes(), (tmp_path / "there").read_bytes())


@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
def test_a_rename_moves_the_file(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "old").write_bytes(b"ISA")
    _FolderDisk(tmp_path).rename("/old", "/new")
    assert {"new"} == {path.name for path in tmp_path.iterdir()}
