"""Every question is visited in every pass over the data: verl's own loader, the recipes' settings."""

from collections import Counter

import pytest
from loader_order import indices

from ttrl_verl.composition.recipe import compose_recipe, compose_run
from ttrl_verl.preflight.batches import run_numbers, total_steps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "questions", "steps"), [("ttrl_aime24", 30, 240), ("ttrl_amc", 83, 300), ("ttrl_math500", 500, 150)]
)
def test_the_recipes_visit_every_question_in_every_pass(recipe, questions, steps):
    numbers = run_numbers(compose_run(recipe).values)
    assert total_steps(questions, numbers) == steps
    found = indices(questions, numbers.fetch, steps, numbers.train)
    assert len(found) == steps * numbers.train
    for start in range(0, len(found) - questions + 1, questions):
        assert sorted(found[start : start + questions]) == list(range(questions))
    # AIME: 240 x 8 = 1,920 responses groups are 64 visits of each of 30.
    visits = Counter(found)
    assert max(visits.values()) - min(visits.values()) <= 1


@pytest.mark.slow
def test_verls_default_skips_six_of_thirty_questions():
    found = indices(30, fetch=8, steps=240, train=8)
    skipped = [set(range(30)) - set(found[start : start + 24]) for start in range(0, len(found), 24)]
    assert [len(missing) for missing in skipped] == [6] * 80


@pytest.mark.verl
def test_verls_trainer_hands_out_every_question(write_jsonl, tiny_model):
    """The real trainer's own methods, on 11 questions at a batch of 4: nothing but Ray and the model is left out."""
    from transformers import AutoTokenizer
    from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync

    file = write_jsonl("q.jsonl", [{"prompt": f"what is {n}"} for n in range(11)])
    settings = ["data.train_batch_size=4", "data.dataloader_num_workers=0", "trainer.total_epochs=11"]
    config = compose_recipe("ttrl", [f"model={tiny_model}", f"data={file}", *settings])
    trainer = object.__new__(PPOTrainerSync)
    trainer.config, trainer.trainer_mode, trainer.parameter_sync_step = config, "sync", 1
    trainer.tokenizer, trainer.processor, trainer.global_steps = AutoTokenizer.from_pretrained(tiny_model), None, 1
    trainer._init_dataloader()
    assert trainer.total_training_steps == 22  # 11 // 4 x 11
    found = []
    for _ in range(trainer.total_training_steps):
        batch = trainer._next_train_batch()
        assert len(batch) == 4
        assert {int(votes) for votes in batch["__rollout_n__"]} == {64}
        found += [int(index) for index in batch["index"]]
    assert Counter(found) == dict.fromkeys(range(11), 8)  # 22 x 4 / 11
