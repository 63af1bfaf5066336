"""Whole or not at all: what a failure in the middle leaves, and what it does not."""

import json
import os
import stat

import pytest

from ttrl_verl.files import sha256, whole_file, whole_folder, write_json, write_text


def write_half(file, error, seen):
    with whole_file(file) as hidden:
        hidden.write_text("second, half")
        seen += [file.read_text()] if file.exists() else []
        raise error


def fill_half(folder):
    with whole_folder(folder) as partial:
        (partial / "w").write_text("1")
        raise OSError("disk")


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    file = tmp_path / "a.txt"
    write_text(file, "first")
    seen = []
    with pytest.raises(OSError, match="disk"):
        write_half(file, OSError("disk"), seen)
    assert seen == ["first"]  # nobody sees the second before it is whole
    assert file.read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_first_write_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "a", KeyboardInterrupt(), [])
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_no_utf8_fails_before_the_file_changes(tmp_path):
    write_text(tmp_path / "a", "first")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_text() == "first"
    write_text(tmp_path / "a", "\ud800", errors="replace")
    assert (tmp_path / "a").read_text() == "?"


def test_two_writers_do_not_meet(tmp_path):
    with whole_file(tmp_path / "a") as one, whole_file(tmp_path / "a") as two:
        one.write_text("one")
        two.write_text("two")
        assert one != two
    assert (tmp_path / "a").read_text() == "one"


def test_a_link_is_followed_and_a_device_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"
    write_text(tmp_path.__class__("/dev/null"), "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_mode_is_that_of_any_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "whole", "")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_without_nan(tmp_path):
    write_json(tmp_path / "a", {"x": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a", {"x": float("nan")}, allow_nan=False)
    assert json.loads((tmp_path / "a").read_text()) == {"x": 1}


def test_a_folder_appears_complete_or_not_at_all(tmp_path):
    with whole_folder(tmp_path / "deep" / "model") as folder:
        (folder / "w").write_text("1")
        assert not (tmp_path / "deep" / "model").exists()
    assert (tmp_path / "deep" / "model" / "w").read_text() == "1"
    with pytest.raises(OSError, match="disk"):
        fill_half(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_the_faster_of_two_wins(tmp_path):
    with whole_folder(tmp_path / "m") as slow:
        (slow / "who").write_text("slow")
        with whole_folder(tmp_path / "m") as fast:
            (fast / "who").write_text("fast")
    assert (tmp_path / "m" / "who").read_text() == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_digest_is_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, the digest of "abc"
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_folder_has_a_digest_of_its_names_and_contents(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "ä.png").write_bytes(b"1")
    one = sha256(tmp_path / "x")
    (tmp_path / "x" / "ä.png").rename(tmp_path / "x" / "b.png")
    two = sha256(tmp_path / "x")
    (tmp_path / "x" / "b.png").write_bytes(b"2")
    assert len({one, two, sha256(tmp_path / "x")}) == 3
