"""The first step's rollout against transformers alone: the same model, the same tokens, the same picture.

verl forbids vLLM the placeholders of images and videos, and takes no notice of that in the actor: with as few words as
a tiny model has, the two differ by 0.02 on that account. A bound that forgives so much forgives a picture that was put
into the prompt twice. So nothing of verl is asked here, and the forbidden tokens are left out.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import Run  # tests/e2e/conftest.py

from ttrl_verl.questions.processors import patch_size


@dataclass
class Differences:
    """Mean absolute differences of log-probabilities, over the tokens of the first step's responses.

    Attributes:
        rollout: vLLM's from transformers', the forbidden tokens left out.
        actor: verl's actor's from transformers', with all tokens.
        other: vLLM's from transformers' with another question's picture of the same size; ``None`` without pictures.
        worst: the largest of ``rollout`` and ``actor`` over a single response.
        closest: the smallest of ``other`` over a single response.
        responses: how many were compared.
        image_tokens: how many a prompt has, each number that was seen.
    """

    rollout: float
    actor: float
    other: float | None
    worst: float
    closest: float | None
    responses: int
    image_tokens: list[int]

    def check(self) -> None:
        """Check that the rollout is the model's own, given this picture and no other."""
        print(self)
        assert self.worst < 1e-5
        if self.other is not None:
            assert self.other > 1000 * self.rollout
            assert self.closest > 100 * self.worst
            assert self.other > 1e-3


def differences(run: Run, model: Path) -> Differences:
    """Return how far the rollout and the actor of a run's first step are from a model as transformers loads it."""
    import torch

    rows = [json.loads(line) for line in (run.folder / "questions.jsonl").read_text().splitlines()]
    judge = _Judge(model, run.record.setting("data.mm_processor_kwargs") or {}, run.record.setting(_TIED))
    index_of = {vote["key"]: vote["index"] for record in run.of_kind("votes") for vote in record["votes"]}
    first = run.of_kind("log_probs")[0]  # before any update: the model as it is on disk
    pictures = [judge.pictures(run.folder, row) for row in rows]
    gaps: dict[str, list] = {"rollout": [], "actor": [], "other": []}
    image_tokens = set()
    for key, actor, (prompt, response, rollout) in zip(first["keys"], first["actor"], first["samples"], strict=True):
        shown = pictures[index_of[key]]
        image_tokens.add(prompt.count(judge.image_token))
        logits = judge.logits(prompt, response, shown)
        gaps["actor"].append(_chosen(logits, response) - torch.tensor(actor))
        gaps["rollout"].append(_chosen(judge.without_forbidden(logits), response) - torch.tensor(rollout))
        for other in pictures:
            if shown and other is not shown and [image.size for image in other] == [image.size for image in shown]:
                logits = judge.without_forbidden(judge.logits(prompt, response, other))
                gaps["other"].append(_chosen(logits, response) - torch.tensor(rollout))
                break
    means = {name: torch.cat(gap).abs().mean().item() if gap else None for name, gap in gaps.items()}
    each = {name: [one.abs().mean().item() for one in gap] for name, gap in gaps.items()}
    return Differences(
        **means,
        worst=max(each["rollout"] + each["actor"]),
        closest=min(each["other"], default=None),
        responses=len(each["rollout"]),
        image_tokens=sorted(image_tokens),
    )


_TIED = "actor_rollout_ref.model.override_config"


def _chosen(logits: Any, response: list[int]) -> Any:
    import torch

    return logits.log_softmax(-1).gather(1, torch.tensor(response)[:, None])[:, 0]


class _Judge:
    """A model as transformers loads it, and its processor."""

    def __init__(self, model: Path, image_settings: dict[str, Any], settings: dict[str, Any] | None) -> None:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        # Whether the head is the embedding, the run may have been told over the model's file; nothing else is taken.
        told = {key: value for key, value in (settings or {}).items() if key == "tie_word_embeddings"}
        self._model = AutoModelForImageTextToText.from_pretrained(model, dtype=torch.float32, **told).eval()
        self._processor = AutoProcessor.from_pretrained(model)
        self._settings = image_settings
        self.image_token = self._processor.image_token_id
        self._forbidden = [
            self._processor.tokenizer.convert_tokens_to_ids(token)
            for token in (self._processor.image_token, getattr(self._processor, "video_token", None))
            if token is not None
        ]

    def pictures(self, folder: Path, row: dict[str, Any]) -> list:
        """Return a question's pictures as verl's data set reads them."""
        from qwen_vl_utils import process_vision_info

        names = row.get("images") or []
        parts = [
            {"type": "image", "image": str(folder / name)} for name in ([names] if isinstance(names, str) else names)
        ]
        return (
            process_vision_info([{"role": "user", "content": parts}], image_patch_size=patch_size(self._processor))[0]
            or []
        )

    def logits(self, prompt: list[int], response: list[int], pictures: list) -> Any:
        """Return what foretells each token of a response."""
        import torch

        ids = torch.tensor([prompt + response])
        made = {}
        if pictures:
            text = self._processor.image_token * len(pictures)
            made = dict(self._processor(text=[text], images=pictures, return_tensors="pt", **self._settings))
            assert int((made.pop("input_ids") == self.image_token).sum()) == prompt.count(self.image_token)
            made = {name: value for name, value in made.items() if name not in ("attention_mask", "mm_token_type_ids")}
        if hasattr(self._model.model, "get_rope_index"):  # positions of several numbers
            made["mm_token_type_ids"] = (ids == self.image_token).long()
        with torch.no_grad():
            return self._model(input_ids=ids, **made).logits[0, len(prompt) - 1 : -1].float()

    def without_forbidden(self, logits: Any) -> Any:
        """Return logits as vLLM has them."""
        logits = logits.clone()
        logits[:, self._forbidden] = float("-inf")
        return logits
