"""A run's writer, fed with literal votes: no trainer, no model."""

from ttrl_verl.record.write import RunWriter

CONFIG = {
    "ttrl": {"votes": 4, "answer_type": "number"},
    "trainer": {"resume_mode": "auto", "default_local_dir": None},
    "data": {"train_files": None, "val_files": None},
    "wandb": {"api_key": "very secret"},
}


def row(step: int, index: int = 0, answers: tuple = ("5", "4", None, "5"), **changes: object) -> dict:
    """A prompt's votes, as the group stage hands them over. "5" wins where the answers are the default."""
    vote = {
        "step": step,
        "index": index,
        "uid": f"u{step}-{index}",
        "data_source": "q",
        "origin": f"q.jsonl:{index + 1}",
        "question": "what is 2 + 3? …",
        "answers": answers,
        "rewards": [float(answer == "5") for answer in answers],
        "lengths": (3,) * len(answers),
        "kept": 2,
        "places": [0, 1],
        "weight": 1.0,
        "checks": None,
        "missing": 0,
        "cut": 0,
        "pseudo_label": "5",
        "prior_label": None,
        "majority_ratio": 0.5,
        "answer_entropy": 0.6365,
        "distinct_answers": 2,
        "unparsed": 1,
        "truncated": 0,
        "limited": 0,
    }
    return vote | changes


UNKNOWN = {"label": None, "label_correct": None}


def train(writer: RunWriter, *steps: int, **changes: object) -> None:
    for step in steps:
        writer.record(step, [row(step, **changes)], [UNKNOWN])
