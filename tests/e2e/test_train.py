"""Stock verl and stock vLLM train the tiny model; few runs, with much asserted in each."""

import json
from collections import Counter

import pytest
import tiny_model as tiny_model_module

from ttrl_verl.evaluation.figures import read_figures
from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.answers import get_answer_type

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

VOTES, KEPT, PROMPTS, STEPS = 6, 4, 4, 3

GRPO = ()
PPO = (
    "algorithm.adv_estimator=gae",
    "ttrl.answer_type=math",
    "ttrl.last_number=true",
    "reward.reward_manager.name=empirical_entropy",
    "ttrl.reward_options={alpha:0.5,entropy_norm:log_n}",
)


@pytest.fixture(scope="module", params=[GRPO, PPO], ids=["grpo-majority_vote", "ppo-empirical_entropy"])
def finished(request, trained):
    return trained(*request.param), request.param


def reward_fn(overrides):
    if overrides == PPO:
        return get_reward_fn("empirical_entropy", alpha=0.5, entropy_norm="log_n")
    return get_reward_fn("majority_vote")


def answer_type_of(overrides):
    return get_answer_type("math", last_number=True) if overrides == PPO else get_answer_type("number")


def test_it_ran_all_steps_and_logged_the_metrics(finished):
    run, _ = finished
    assert [row["step"] for row in run.metrics] == [0, 1, 2, 3]
    assert run.series("ttrl/votes") == [float(VOTES * PROMPTS)] * STEPS
    assert run.series("ttrl/kept") == [float(KEPT * PROMPTS)] * STEPS
    assert run.series("ttrl/missing_responses") == [0.0] * STEPS
    for name in ("majority_ratio", "answer_entropy", "distinct_answers", "unparsed_ratio", "top_answer_share"):
        assert all(value >= 0 for value in run.series(f"ttrl/{name}")), name


def test_its_processes_were_forked_from_one_that_had_imported_verl(finished):
    run, _ = finished
    assert {record["forked"] for record in run.observed} == {True}
    assert len(run.of_kind("engine")) == 1


def test_every_training_row_reached_the_workers_without_a_label(finished):
    run, _ = finished
    votes = [vote for record in run.of_kind("votes") for vote in record["votes"]]
    assert len(votes) == VOTES * PROMPTS * STEPS
    assert all(vote["reward_model"] == {"style": "rule", "ground_truth": None} for vote in votes)


def test_answers_are_those_of_the_decoded_responses(finished, tiny_model):
    run, overrides = finished
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    answer_type = answer_type_of(overrides)
    votes = [vote for record in run.of_kind("votes") for vote in record["votes"]]
    whole = [vote for vote in votes if vote["tokens"] is not None]
    assert any(vote["answer"] is not None for vote in whole)
    assert len(whole) == KEPT * PROMPTS * STEPS  # the others only voted, and left no token
    for vote in whole:
        assert vote["answer"] == answer_type.answer(tokenizer.decode(vote["tokens"], skip_special_tokens=True))


def test_the_trainer_gets_the_first_sampled_with_the_rewards_of_the_whole_group(finished):
    """Rewards in the trainer are reward_fns on the group's answers: whatever the labels say changes none of them."""
    from ttrl_verl.training.prompt_group import sessions_by_prompt

    run, overrides = finished
    reward = reward_fn(overrides)
    for votes, kept in zip(run.of_kind("votes"), run.of_kind("kept"), strict=True):
        answers = {vote["key"]: vote["answer"] for vote in votes["votes"]}
        expected = {}
        for sessions in sessions_by_prompt(list(answers)):
            assert len(sessions) == VOTES
            rewards = reward(Group(answers=tuple(answers[keys[-1]] for keys in sessions)))
            expected |= {keys[-1]: value for keys, value in list(zip(sessions, rewards, strict=True))[:KEPT]}
        assert sorted(kept["keys"]) == sorted(expected)
        for key, scores, length in zip(kept["keys"], kept["scores"], kept["lengths"], strict=True):
            # The reward stands on the response's own last token, and nowhere else.
            assert len(scores) == length
            assert scores[:-1] == [0.0] * (length - 1)
            assert scores[-1] == pytest.approx(expected[key], abs=1e-6)


def test_the_queue_holds_the_kept_responses_alone_and_nothing_in_the_end(finished):
    run, _ = finished
    for kept in run.of_kind("kept"):
        assert kept["in_queue"] == sorted(kept["keys"])
    assert run.series("ttrl/queue_leftover") == [0.0] * STEPS
    assert [record["left"] for record in run.of_kind("end")] == [{}]


def test_actor_and_rollout_agree_at_every_step(finished):
    """vLLM answers with the weights that the actor has now: 1e-2 a step moves them far beyond this bound."""
    run, _ = finished
    differences = [record["mean_absolute_difference"] for record in run.of_kind("log_probs")]
    assert len(differences) == STEPS
    assert max(differences) < 1e-3
    assert all(norm > 0 for norm in run.series("actor/grad_norm"))


def test_weights_move_and_vllm_answers_from_the_new_ones(finished, tiny_model):
    """The model as it was gives the first step's log-probabilities, and no longer the last step's."""
    import torch
    from transformers import AutoModelForCausalLM

    run, _ = finished
    untouched = AutoModelForCausalLM.from_pretrained(tiny_model)
    differences = []
    for record in run.of_kind("log_probs"):
        of_step = []
        for prompt, response, rollout in record["samples"]:
            with torch.no_grad():
                logits = untouched(input_ids=torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
            own = logits.log_softmax(-1).gather(-1, torch.tensor(response)[:, None])[:, 0]
            of_step.append((own - torch.tensor(rollout)).abs().mean().item())
        differences.append(sum(of_step) / len(of_step))
    assert differences[0] < 1e-3
    assert differences[-1] > 1e-2


def test_validation_scores_labels_and_greedy_answers_once(finished):
    run, overrides = finished
    answer_type = answer_type_of(overrides)
    figures = read_figures(run.folder / "validation" / "0.jsonl", answer_type)
    assert figures["questions"].questions == 8
    assert figures["questions"].samples == 3
    rows = _rows(run, 0)
    assert len(rows) == 8 * 3 + 8
    labelled = [row for row in rows if row["gts"] is not None]
    assert len(labelled) == len(rows) - 4
    for row in labelled:
        assert row["acc"] == float(row["answer"] is not None and row["answer"] == answer_type.canonicalize(row["gts"]))


def test_the_two_visits_of_a_question_have_one_index(finished):
    run, _ = finished
    indices = [vote["index"] for record in run.of_kind("votes") for vote in record["votes"]]
    # 8 questions, 4 a step: two steps see each question once.
    first_epoch = indices[: 2 * VOTES * PROMPTS]
    assert Counter(first_epoch) == dict.fromkeys(range(8), VOTES)


def test_ppo_trains_a_critic(trained):
    run = trained(*PPO)
    assert all(loss > 0 for loss in run.series("critic/vf_loss"))
    assert all(norm > 0 for norm in run.series("critic/grad_norm"))


def test_a_poisoned_answer_among_the_responses_delays_nobody(trained, tiny_model):
    """9**9**9**9 reaches the reward workers, is compared by its text, and is counted."""
    run = trained(*PPO)
    vocabulary = json.loads((tiny_model / "tokenizer.json").read_text())["model"]["vocab"]
    votes = [vote for record in run.of_kind("votes") for vote in record["votes"]]
    poisoned = [vote for vote in votes if vote["answer"] == "9**9**9**9"]
    assert poisoned
    whole = [vote for vote in poisoned if vote["tokens"] is not None]
    assert whole
    assert all(vocabulary[tiny_model_module.POISON] in vote["tokens"] for vote in whole)
    assert max(run.series("ttrl/limited_ratio")) > 0
    # Half is one answer, however it is written.
    halves = [vote for vote in votes if vote["answer"] == "1/2"]
    spellings = {vocabulary[word] for word in tiny_model_module.BOXED[:3]}
    assert len({token for vote in halves for token in vote["tokens"] or () if token in spellings}) > 1
    # A generation with poison in it takes seconds, not minutes.
    assert max(run.series("timing_s/gen")) < 30


def _rows(run, step):
    return [json.loads(line) for line in (run.folder / "validation" / f"{step}.jsonl").read_text().splitlines()]


@pytest.mark.matrix
def test_the_colocated_asynchronous_trainer_trains_on_votes_too(trained):
    """The third one, separate_async, is in test_separate_async.py."""
    run = trained("trainer.v1.trainer_mode=colocate_async", "trainer.val_before_train=false", "trainer.test_freq=-1")
    assert run.series("ttrl/kept") == [float(KEPT * PROMPTS)] * STEPS
    assert run.series("ttrl/queue_leftover") == [0.0] * STEPS
    reward = get_reward_fn("majority_vote")
    for votes, kept in zip(run.of_kind("votes"), run.of_kind("kept"), strict=True):
        from ttrl_verl.training.prompt_group import sessions_by_prompt

        answers = {vote["key"]: vote["answer"] for vote in votes["votes"]}
        for sessions in sessions_by_prompt(list(answers)):
            rewards = reward(Group(answers=tuple(answers[keys[-1]] for keys in sessions)))
            for keys, value in list(zip(sessions, rewards, strict=True))[:KEPT]:
                assert kept["scores"][kept["keys"].index(keys[-1])][-1] == value


@pytest.mark.matrix
def test_the_oracle_trains_where_the_recipe_allows_labels(trained):
    """The control that looks at labels: rewards are the truth, and the rows are as free of labels as ever."""
    run = trained(
        "reward.reward_manager.name=oracle",
        "ttrl.allow_labels=true",
        "data.shuffle=false",
        "data.train_max_samples=2",
        "data.train_batch_size=2",
        "actor_rollout_ref.actor.ppo_mini_batch_size=2",
    )
    votes = [vote for record in run.of_kind("votes") for vote in record["votes"]]
    assert {vote["reward_model"]["ground_truth"] for vote in votes} == {None}
    labels = {0: "9", 1: "0"}
    for record, kept in zip(run.of_kind("votes"), run.of_kind("kept"), strict=True):
        by_key = {vote["key"]: vote for vote in record["votes"]}
        for key, scores in zip(kept["keys"], kept["scores"], strict=True):
            assert scores[-1] == float(by_key[key]["answer"] == labels[by_key[key]["index"]])
