"""The file of a model's votes: what is written is read back, and votes on other questions are refused."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ttrl_verl.errors import InputError
from ttrl_verl.record.votes_file import QuestionVotes, Source, read_votes, write_votes

SOURCE = Source("models/m", "ab", "q.jsonl", "cd", {"n": 3, "temperature": 1.0})
VOTES = [
    QuestionVotes("q.jsonl:1", ("4", None, "4"), "q"),
    QuestionVotes("q.jsonl:2", (None, None, None), "q"),
]


def test_what_is_written_is_read_back(tmp_path):
    write_votes(tmp_path / "new" / "v.parquet", VOTES, SOURCE)
    assert read_votes(tmp_path / "new" / "v.parquet", "cd") == (VOTES, SOURCE)


def test_a_row_has_the_vote_beside_the_answers(tmp_path):
    write_votes(tmp_path / "v.parquet", VOTES, SOURCE)
    first, second = pq.read_table(tmp_path / "v.parquet").to_pylist()
    assert (first["index"], first["answer"], first["unparsed"]) == (0, "4", 1)
    assert first["majority_ratio"] == pytest.approx(2 / 3)
    assert first["answer_entropy"] == 0.0
    assert (second["index"], second["answer"], second["majority_ratio"]) == (1, None, 0.0)


def test_votes_on_other_questions_are_refused(tmp_path):
    write_votes(tmp_path / "v.parquet", VOTES, SOURCE)
    with pytest.raises(InputError, match=r"its votes are on other questions \(q\.jsonl\)"):
        read_votes(tmp_path / "v.parquet", "ef")


def test_text_that_is_no_utf8_is_one_line(tmp_path):
    write_votes(tmp_path / "v.parquet", VOTES, SOURCE)
    table = pq.read_table(tmp_path / "v.parquet")
    broken = pa.array([b"\x82"] * len(table), pa.binary()).view(pa.string())
    pq.write_table(table.set_column(1, "origin", broken), tmp_path / "v.parquet")
    with pytest.raises(InputError, match=r"v\.parquet: cannot be read: .*UTF8"):
        read_votes(tmp_path / "v.parquet")


def test_a_column_whose_name_is_no_utf8_is_one_line(tmp_path):
    pq.write_table(pa.table({"é": [1]}), tmp_path / "v.parquet")
    (tmp_path / "v.parquet").write_bytes((tmp_path / "v.parquet").read_bytes().replace("é".encode(), b"\xff\xa9"))
    with pytest.raises(InputError, match=r"v\.parquet: cannot be read: 'utf-8' codec"):
        read_votes(tmp_path / "v.parquet")


def test_what_is_no_file_of_votes_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_votes(tmp_path / "missing.parquet")
    pq.write_table(pa.table({"prompt": ["a"]}), tmp_path / "q.parquet")
    with pytest.raises(InputError, match="is no file of votes"):
        read_votes(tmp_path / "q.parquet")
    write_votes(tmp_path / "v.parquet", VOTES, SOURCE)
    table = pq.read_table(tmp_path / "v.parquet")
    pq.write_table(table.drop_columns(["unparsed"]), tmp_path / "cut.parquet")
    with pytest.raises(InputError, match="expected the columns index"):
        read_votes(tmp_path / "cut.parquet")
    newer = {b"ttrl_verl.votes": table.schema.metadata[b"ttrl_verl.votes"].replace(b'"format": 1', b'"format": 2')}
    pq.write_table(table.replace_schema_metadata(newer), tmp_path / "newer.parquet")
    with pytest.raises(InputError, match="is of format 2; this version reads format 1"):
        read_votes(tmp_path / "newer.parquet")
