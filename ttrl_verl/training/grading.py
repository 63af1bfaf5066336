"""One response, graded: whether it was cut off, its answer in canonical form, and, beside a label, whether it is right.

Plain Python; ``reward_manager`` hands it what verl's reward worker has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.row_type import of_row
from ttrl_verl.reward_fns.apart import ApartCheck
from ttrl_verl.reward_fns.checking import Response


class Tokenizer(Protocol):
    """What grading asks of a tokenizer."""

    eos_token_id: int | None

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Return the tokens as text."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The limits on lengths that verl and vLLM hold a response to, in tokens.

    Attributes:
        prompt: ``data.max_prompt_length``.
        response: ``data.max_response_length``.
        context: ``actor_rollout_ref.rollout.max_model_len``, prompt and response together; ``None`` for the model's
            own, which is not looked at here.

    Example:
        >>> Lengths(prompt=512, response=3072, context=3584).limit(500)
        3072
        >>> Lengths(prompt=512, response=8192, context=4096).limit(500)  # the context cuts it
        3596
        >>> Lengths(prompt=512, response=3072, context=None).limit(600)  # a prompt over its limit, with images say
        2984
    """

    prompt: int
    response: int
    context: int | None

    def limit(self, prompt_length: int) -> int:
        """Return how many tokens the response to a prompt of this length may have, at least 1.

        verl 0.9.1, ``vllm_async_server.generate``, lets vLLM generate that many, without a word where it is less than
        ``data.max_response_length``.
        """
        limits = [self.response, self.prompt + self.response - prompt_length]
        if self.context is not None:
            limits.append(self.context - prompt_length)
        return max(1, min(limits))


@dataclass(frozen=True, slots=True)
class Grader:
    """Find the answer of a response.

    Attributes:
        answer_type: how answers are found and compared.
        tokenizer: the model's.
        lengths: the limits on lengths.
        truncated: what a response that was cut off counts for, ``ttrl.truncated``.
        texts: whether the reward looks at the texts of training rows' responses.
        check: says how right a training row's response is, where the recipe names a check.
    """

    answer_type: AnswerType
    tokenizer: Tokenizer
    lengths: Lengths
    truncated: Literal["no_answer", "keep"]
    texts: bool = False
    check: ApartCheck | None = None

    def was_cut(self, tokens: Sequence[int], prompt_length: int) -> bool:
        """Return whether a response was cut off: it is as long as it may be, and does not end with the end token."""
        return len(tokens) >= self.lengths.limit(prompt_length) and tokens[-1] != self.tokenizer.eos_token_id

    def grade(
        self,
        tokens: Sequence[int],
        prompt_length: int,
        label: str | None = None,
        *,
        row_type: str | None = None,
        question: str | None = None,
    ) -> dict[str, Any]:
        """Return what the reward manager says of a response, by name; see ``AnswerRewardManager``.

        Args:
            tokens: the response's, without padding.
            prompt_length: in tokens.
            label: the row's ground truth, as its file has it.
            row_type: the row's own answer type; ``None`` for the recipe's.
            question: the last user message of a training row; ``None`` for a row of validation, whose response no
                reward sees and no check is asked about.
        """
        cut = self.was_cut(tokens, prompt_length)
        kind = of_row(row_type, self.answer_type)
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        answer, limited = None, False
        if not cut or self.truncated == "keep":
            answer, limited = kind.grade(text)
        graded = {
            "answer": answer,
            "length": len(tokens),
            "unparsed": float(answer is None),
            "truncated": float(cut),
            "limited": float(limited),
        }
        if label is not None:
            graded["acc"] = float(answer is not None and answer == kind.canonicalize(label))
        if question is not None and self.texts:
            graded["text"] = text
        if question is not None and self.check is not None:
            graded["check"], graded["check_failed"] = self.check(Response(text, answer, question))
        return graded
