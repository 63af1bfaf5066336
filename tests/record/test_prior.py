"""A frozen model's votes: on the very questions of the run, found by the same settings."""

import pytest

from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.record.manifest import data_files
from ttrl_verl.record.prior import load_prior
from ttrl_verl.record.votes_file import QuestionVotes, Source, write_votes

VOTES = [
    QuestionVotes("elsewhere/q.jsonl:1", ("4", "5", None, "4"), "q"),
    QuestionVotes("elsewhere/q.jsonl:3", (None, None), "q"),
]


@pytest.fixture
def run(tmp_path):
    """The section of a run, its question file, and a function that writes votes with other settings."""
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"prompt": "a"}\n\n{"prompt": "b"}\n')
    votes = tmp_path / "votes.parquet"

    def write(**settings):
        votes.unlink(missing_ok=True)
        write_votes(votes, VOTES, Source("m", "0123456789abcdef", "q.jsonl", sha256(questions), settings))

    write(answer_type="number", choices=4, last_number=False, n=4)
    return parse_ttrl_config({"votes": 4, "answer_type": "number", "prior": str(votes)}), questions, write


def test_shares_and_labels_go_by_the_row_of_the_file(run):
    ttrl, questions, _ = run
    prior = load_prior(ttrl, [str(questions)])
    assert prior.shares(f"{questions}:1") == {"4": 0.5, "5": 0.25}
    assert prior.shares(f"{questions}:3") == {}
    assert (prior.label(f"{questions}:1"), prior.label(f"{questions}:3"), prior.label(None)) == ("4", None, None)
    assert prior.said == "votes of m (0123456789ab) on 2 questions"


def test_another_file_of_questions_is_refused(run):
    ttrl, questions, _ = run
    questions.write_text('{"prompt": "c"}\n')
    with pytest.raises(InputError, match=r"votes\.parquet: its votes are on other questions \(q\.jsonl\)"):
        load_prior(ttrl, str(questions))
    with pytest.raises(InputError, match=r"ttrl\.prior: data\.train_files are 2 files; votes are on one"):
        load_prior(ttrl, [str(questions)] * 2)


def test_answers_found_by_other_settings_are_refused(run):
    ttrl, questions, write = run
    write(answer_type="math", choices=4, last_number=False)
    with pytest.raises(InputError, match=r"found with ttrl\.answer_type 'math'; this run has 'number'"):
        load_prior(ttrl, str(questions))
    write(answer_type="number", choices=["yes", "no"], last_number=False)  # which number does not look at
    load_prior(ttrl, str(questions))


def test_what_is_no_file_of_votes_is_one_line(run):
    ttrl, questions, _ = run
    missing = ttrl.model_copy(update={"prior": str(questions)})
    with pytest.raises(InputError, match=r"q\.jsonl: cannot be read"):
        load_prior(missing, str(questions))


def test_the_run_notes_its_digest(run):
    ttrl, questions, _ = run
    config = {"data": {"train_files": [str(questions)], "val_files": None}, "ttrl": {"prior": ttrl.prior}}
    assert [(file.path, file.rows) for file in data_files(config)][1] == (ttrl.prior, 2)
