"""``show --prompt``, and what is checked of a model before a run with images."""

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from ttrl_verl.cli.show import command
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.findings import findings, refuse

pytestmark = pytest.mark.slow

QUESTION = "<image>\nWhich of these does the picture show?\nA. 0\nB. 1"


@pytest.fixture
def files(tmp_path):
    Image.new("RGB", (56, 56)).save(tmp_path / "a.png")
    (tmp_path / "text.jsonl").write_text(json.dumps({"prompt": "what is 1"}) + "\n")
    (tmp_path / "seen.jsonl").write_text(json.dumps({"prompt": QUESTION, "images": "a.png"}) + "\n")
    return tmp_path


def settings(model, file):
    return [f"actor_rollout_ref.model.path={model}", f"data.train_files=[{file}]", f"data.val_files=[{file}]"]


def show(*arguments):
    return CliRunner().invoke(command, ["demo_cpu", "--prompt", *arguments])


def test_a_prompt_is_shown_as_the_chat_template_puts_it(tiny_vision_model, tiny_model, files):
    shown = show(*settings(tiny_vision_model, files / "seen.jsonl"), "ttrl.system_prompt=See.")
    assert shown.exit_code == 0, shown.output
    asked = QUESTION.replace("<image>", "<|vision_start|><|image_pad|><|vision_end|>")
    assert shown.stdout == (
        f"<|im_start|> system\nSee. <|im_end|>\n<|im_start|> user\n{asked} <|im_end|>\n<|im_start|> assistant\n\n"
    )
    assert shown.stderr == f"({files}/seen.jsonl:1, with 1 image: 4 tokens of 34)\n"
    shown = show(*settings(tiny_model, files / "text.jsonl"))
    assert shown.stdout == "<|im_start|> user what is 1 <|im_end|> <|im_start|> assistant \n"
    shown = show(*settings(tiny_vision_model, files / "seen.jsonl"), "data.max_prompt_length=9")
    assert "does not fit: " in shown.stderr
    assert "has 28 tokens, 4 of them of its images; expected at most 9" in shown.stderr


def test_a_template_of_ones_own_is_shown(tiny_model, files):
    own = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}"
    shown = show(*settings(tiny_model, files / "text.jsonl"), f'actor_rollout_ref.model.custom_chat_template="{own}"')
    assert shown.stdout == "[what is 1]\n"


def test_what_is_missing_is_named(tiny_model, files):
    assert "actor_rollout_ref.model.path is not set" in str(CliRunner().invoke(command, ["ttrl", "--prompt"]).exception)
    with pytest.raises(InputError, match="has no image processor; the questions have images"):
        check(settings(tiny_model, files / "seen.jsonl"))


def check(overrides):
    fitting = ["data.train_batch_size=1", "actor_rollout_ref.actor.ppo_mini_batch_size=1", "kept=1"]
    micro = "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=1"
    logs = "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=1"
    refuse(findings(compose_run("demo_cpu", [*overrides, *fitting, micro, logs])))


def test_a_run_is_checked_with_its_images(tiny_vision_model, files):
    check(settings(tiny_vision_model, files / "seen.jsonl"))
    whole = (files / "a.png").read_bytes()
    (files / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"seen\.jsonl:1: \S+a\.png: cannot be read"):
        check(settings(tiny_vision_model, files / "seen.jsonl"))


def test_a_processor_that_verl_does_not_load_is_refused(tiny_vision_model, files, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(tiny_vision_model, other)
    for file in ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json"):
        if (other / file).exists():
            kept = json.loads((other / file).read_text())
            (other / file).write_text(json.dumps({**kept, "processor_class": "Qwen2_5OmniProcessor"}))
    with pytest.raises(InputError, match=r"verl 0\.9\.1 does not load|its processor cannot be loaded"):
        check(settings(other, files / "seen.jsonl"))
