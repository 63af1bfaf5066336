"""What votes say without a label, and the digest that tells two models apart."""

from ttrl_verl.answering.vote import model_digest, what_votes_say
from ttrl_verl.record.votes_file import QuestionVotes


def of(*answers: tuple[str | None, ...]) -> list[QuestionVotes]:
    return [QuestionVotes(f"q.jsonl:{n}", one, "q") for n, one in enumerate(answers, start=1)]


def test_votes_that_tell_the_questions_apart_are_worth_adapting_to():
    said = what_votes_say(of(*(tuple(str(n) for _ in range(8)) for n in range(8))))
    assert said[0].startswith("8 questions: mean majority ratio 1.000, responses without an answer 0.000")
    assert said[1] == "Worth adapting? Yes: the votes know which question was asked, so there is something to sharpen."


def test_the_same_answers_to_every_question_are_not():
    said = what_votes_say(of(*[("fish", "bird", "fish", "cat")] * 8))
    assert said[1].startswith("Worth adapting? No: the votes say next to nothing of the question")


def test_one_byte_at_the_end_of_the_weights_is_another_model(tmp_path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(bytes(3 << 20))
    before = model_digest(tmp_path)
    assert model_digest(tmp_path) == before
    weights.write_bytes(bytes((3 << 20) - 1) + b"\1")
    assert model_digest(tmp_path) != before
