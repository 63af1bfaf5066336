"""The adapted model, exported: transformers loads it, and it says what the trainer's model said."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]


def test_the_exported_model_is_the_one_that_was_trained(trained, tmp_path, tiny_model):
    check_the_exported_model(trained(), tmp_path / "adapted", tiny_model)


def check_the_exported_model(run, out, tiny_model):
    """Export step 2 of a run of three, and hold it against what step 3 was sampled with."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    command = [sys.executable, "-m", "ttrl_verl", "export", str(run.folder), str(out), "--step", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    # Step 3 was sampled with the weights of step 2.
    (_, _, third) = run.of_kind("log_probs")
    differences = {}
    for name in (out, tiny_model):
        model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
        of_step = []
        for prompt, response, rollout in third["samples"]:
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
            own = logits.log_softmax(-1).gather(-1, torch.tensor(response)[:, None])[:, 0]
            of_step.append((own - torch.tensor(rollout)).abs().mean().item())
        differences[name] = sum(of_step) / len(of_step)
    print(
        f"mean absolute difference of log-probabilities: exported {differences[out]:.2g}, "
        f"untouched {differences[tiny_model]:.2g}"
    )
    # The merger writes bfloat16: eight bits of mantissa.
    assert differences[out] < 1e-2 < differences[tiny_model]
    assert AutoTokenizer.from_pretrained(out).chat_template
    card = (out / "README.md").read_text()
    assert f"base_model: {tiny_model}" in card
    assert "| questions | step 2 | not measured |" in card or "not measured" in card
    assert "No label reached a training reward" in card
