"""Multiple-choice questions about an image, with options drawn by a seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from ttrl_verl.errors import InputError
from ttrl_verl.prepare.classes import Classes
from ttrl_verl.questions.images import PLACEHOLDER

QUESTION = "Which of these does the picture show?"


@dataclass(frozen=True)
class ChoiceMaker:
    """Draws the options of each image and writes the question.

    An image's options depend on the seed, its own path and the classes alone: they stay as they are when other images
    come or go. The right letter is uniform.

    Attributes:
        classes: what there is to choose from.
        count: how many options a question has, 2 to 26.
        seed: of the draw.
        confusable: for some classes, those that they are easily taken for; these are drawn first.
        question: the line before the options.

    Raises:
        InputError: as many options cannot be had, or the question holds a placeholder.

    Example:
        >>> maker = ChoiceMaker(Classes(("cat", "dog")), count=2)
        >>> print(maker.ask("a.png", "dog").text)
        <image>
        Which of these does the picture show?
        A. cat
        B. dog
        Answer with the letter alone: A or B.
    """

    classes: Classes
    count: int = 4
    seed: int = 0
    confusable: Mapping[str, Sequence[str]] = field(default_factory=dict)
    question: str = QUESTION

    def __post_init__(self) -> None:
        names = len(self.classes.names)
        if not 2 <= self.count <= len(ascii_uppercase):
            raise InputError(f"--options is {self.count}; expected 2 to {len(ascii_uppercase)}")
        if self.count > names:
            raise InputError(f"--options is {self.count}; expected at most the {names} classes that there are")
        if not self.classes.by_folder and self.classes.of_image is None and self.count < names:
            # Without the right class there would be questions without a right option.
            raise InputError(
                f"--options is {self.count}; expected all {names} classes as options, for no image has a class "
                "(path<TAB>class lines say which)"
            )
        if not self.question.strip() or "<image>" in self.question:
            raise InputError(f"--question is {self.question!r}; expected text without {PLACEHOLDER}")

    def ask(self, path: str, truth: str | None) -> "Choice":
        """Return the question about an image, by its path in the folder and its class, if it is known."""
        # Text as the seed: the same on every machine.
        rng = random.Random(f"{self.seed}/{path}")
        options = rng.sample(self.classes.names, self.count) if truth is None else self._with_truth(rng, truth)
        letters = ascii_uppercase[: self.count]
        lines = [f"{letter}. {option}" for letter, option in zip(letters, options, strict=True)]
        ending = f"Answer with the letter alone: {', '.join(letters[:-1])} or {letters[-1]}."
        if self.count > 5:
            ending = f"Answer with the letter alone, from A to {letters[-1]}."
        text = "\n".join([PLACEHOLDER, self.question, *lines, ending])
        return Choice(text, None if truth is None else letters[options.index(truth)])

    def _with_truth(self, rng: random.Random, truth: str) -> list[str]:
        hard = list(self.confusable.get(truth, ()))
        others = rng.sample(hard, min(len(hard), self.count - 1))
        rest = [name for name in self.classes.names if name != truth and name not in hard]
        missing = self.count - 1 - len(others)
        others += rng.sample(rest, missing)
        rng.shuffle(others)
        others.insert(rng.randrange(self.count), truth)
        return others


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with its options, and the letter of the right one where it is known."""

    text: str
    letter: str | None
