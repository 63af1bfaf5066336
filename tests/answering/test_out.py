"""The file that is written in the end is looked at first, and nothing is left of the look."""

import os
import stat
from pathlib import Path

import pytest

from ttrl_verl.answering.out import check_out
from ttrl_verl.errors import InputError
from ttrl_verl.files import check_writable


def test_a_new_file_in_a_folder_that_is_there_or_is_not(tmp_path):
    check_out(tmp_path / "a.jsonl")
    check_out(tmp_path / "new" / "deep" / "a.jsonl")
    check_out(tmp_path / "ä [1], b=2.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "folder: is a folder; expected a new file"),
        ("file", "file: is there already; expected a new file"),
        ("a.run", "a.run: is what the run's folder is called; expected another name"),
        ("file/a.jsonl", "file/a.jsonl: cannot be written: Not a directory: "),
        ("file/deep/a.jsonl", "file/deep/a.jsonl: cannot be written: Not a directory: "),
        ("a" * 250, "cannot be written: File name too long: "),  # what it is called until it is whole is longer
        ("a" * 300 + "/b", "cannot be written: File name too long: "),
        ("to the file", "to the file: is there already"),
        ("to the folder", "to the folder: is a folder"),
        ("broken", "broken: cannot be written: No such file or directory: "),
    ],
)
def test_what_cannot_be_written_is_one_line(tmp_path, name, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "to the file").symlink_to(tmp_path / "file")
    (tmp_path / "to the folder").symlink_to(tmp_path / "folder")
    (tmp_path / "broken").symlink_to(tmp_path / "gone" / "a.jsonl")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as error:
        check_out(tmp_path / name)
    assert said in str(error.value)
    assert str(error.value).endswith("(--out)")
    assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_link_to_what_is_not_there_yet_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    check_out(tmp_path / "link")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        check_out(tmp_path / "a.jsonl")


def test_a_file_system_that_takes_no_files():
    with pytest.raises(OSError, match="/proc") as error:
        check_writable(Path("/proc/a.jsonl"))
    assert error.value.filename == "/proc"
