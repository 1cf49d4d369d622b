"""What a finished run of an ablation came to, as it lies in scores/KEY.json. No torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from gan_zoo.evaluation.score_files import Scores

FORMAT = 1


@dataclass(frozen=True)
class Costs:
    """What a run took. Apart from its scores, since it is another each time.

    Args:
        seconds: Of all its steps; what was looked at between them is not counted.
        seconds_a_step: The median over its log; None where it is too short to tell.
        device_bytes: The most that torch held on a GPU; None elsewhere.
        process_bytes: The most that the process held; None where the system does not tell.
    """

    seconds: float
    seconds_a_step: float | None = None
    device_bytes: int | None = None
    process_bytes: int | None = None

    @property
    def held(self) -> int | None:
        """The most bytes that the run held, where its networks are."""
        return self.process_bytes if self.device_bytes is None else self.device_bytes


@dataclass(frozen=True)
class Result:
    """A finished run.

    Args:
        key: Of the run.
        variant: Its variant.
        seed: Its seed.
        scores: What its pictures score, with the protocol.
        costs: What it took.
    """

    key: str
    variant: str
    seed: int
    scores: Scores
    costs: Costs

    def as_text(self) -> str:
        """As scores/KEY.json has it."""
        told = {
            "format": FORMAT,
            "key": self.key,
            "variant": self.variant,
            "seed": self.seed,
            "scores": self.scores.as_data(),
            "costs": asdict(self.costs),
        }
        return json.dumps(told, indent=1, allow_nan=False) + "\n"

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The result that `as_text` made this of.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        told = json.loads(text)
        if told["format"] != FORMAT:
            raise ValueError(f"another format than {FORMAT}")
        named = {name: told[name] for name in ("key", "variant", "seed")}
        return cls(**named, scores=Scores.of_data(told["scores"]), costs=Costs(**told["costs"]))
