"""When numbers become a sentence: no number alone does, two witnesses must agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from gan_zoo_callbacks.health_signals import Pattern, Spot
from gan_zoo_callbacks.health_words import Cures, Finding

WINS = 0.98  # right shares of real and fake: the discriminator errs nowhere
FAINT, ALONE = 0.02, 0.98  # shares of the gradient: as good as nothing, as good as all
BY_HEART = 0.6  # of the way from real ones it has learned from to fakes
TOO_ALIKE = 0.3  # of the distances of targets
DEAF = 0.02  # to noise, likewise
PATTERN, SEEN = 3.0, 2.0  # times the targets' height, and 8-bit values
EVERYWHERE, RARE = 0.8, 0.4  # shares of pictures that have a spot
SPOT_PICTURES = 8
COPIES = 0.2  # share of outputs
STUCK = 0.3  # of the run without a new best
NO_PATTERN, NO_SPOT = Pattern(0, 0.0, 0.0), Spot(0, 0, 0.0, 0.0)
YOUNG = 0.1  # of the run, before which pictures say nothing yet


@dataclass
class Probe:
    """What was heard of one step.

    Args:
        step: Of the phase.
        judge: The player who tells real from fake; empty where none does.
        on_real: Its right share of real patches.
        on_fake: Of fake ones.
        margin: Between the means of both.
        real: The mean logit of the real ones.
        fake: Of the fake ones.
        shares: Loss -> its part of the gradient that reaches the picture.
        adversarial: The losses that both players learn from.
    """

    step: int
    judge: str = ""
    on_real: float = 0.0
    on_fake: float = 0.0
    margin: float = 0.0
    real: float = 0.0
    fake: float = 0.0
    shares: dict[str, float] = field(default_factory=dict)
    adversarial: list[str] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The adversarial part of the gradient; None where that is all there is, or none."""
        if not self.adversarial or len(self.shares) == len(self.adversarial):
            return None
        return sum(self.shares[name] for name in self.adversarial)

    def numbers(self) -> dict[str, float]:
        """For the log."""
        told = {f"share.{name}": share for name, share in self.shares.items()}
        if self.judge:
            told |= {
                f"{self.judge}.right_on_real": self.on_real,
                f"{self.judge}.right_on_fake": self.on_fake,
                f"{self.judge}.margin": self.margin,
            }
        return told

    def as_data(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)


@dataclass
class Look:
    """What was seen of the pictures.

    Args:
        step: Of the phase.
        alike: How far outputs are apart, over the same of targets.
        moved: How far another seed moves an output, over the same of targets.
        pattern: What stands out in their spectrum.
        spot: A place that many have in common.
        copied: Share of outputs that are nearer to a training target than to their own.
        unseen: The mean logit of real pictures that nobody learns from.
    """

    step: int
    alike: float | None = None
    moved: float | None = None
    pattern: Pattern = NO_PATTERN
    spot: Spot = NO_SPOT
    copied: float | None = None
    unseen: float | None = None

    def numbers(self) -> dict[str, float]:
        """For the log."""
        told = {
            "outputs.apart": self.alike,
            "outputs.moved_by_seed": self.moved,
            "outputs.copied": self.copied,
            "discriminator.unseen": self.unseen,
            "checkerboard.ratio": self.pattern.ratio,
            "checkerboard.amplitude": self.pattern.amplitude,
            "spot.outputs": self.spot.outputs,
            "spot.targets": self.spot.targets,
        }
        return {name: value for name, value in told.items() if value is not None}

    def as_data(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {**asdict(self), "pattern": [*self.pattern], "spot": [*self.spot]}

    @classmethod
    def of_data(cls, told: dict[str, Any]) -> Self:
        """From a checkpoint."""
        return cls(**{**told, "pattern": Pattern(*told["pattern"]), "spot": Spot(*told["spot"])})


def judge(
    probes: Sequence[Probe],
    looks: Sequence[Look],
    scored: Sequence[tuple[int, float]],
    steps: int,
    cures: Cures,
    watched: str,
) -> Iterator[Finding]:
    """What two witnesses agree on.

    Args:
        probes: What was heard of late.
        looks: What was seen in the phase, the latest last.
        scored: Step and goodness of the watched score, in the phase.
        steps: Of the whole run.
        cures: Changes that may help.
        watched: The name of that score.
    """
    yield from _of_the_players(probes, looks, cures)
    if looks[-1].step >= YOUNG * steps:
        yield from _of_the_pictures(looks[-2:], cures)
    yield from _of_the_scores(scored, looks[-1].step, steps, cures, watched)


def _of_the_players(
    probes: Sequence[Probe], looks: Sequence[Look], cures: Cures
) -> Iterator[Finding]:
    yield from ()


def _of_the_pictures(looks: Sequence[Look], cures: Cures) -> Iterator[Finding]:
    yield from ()


def _of_the_scores(
    scored: Sequence[tuple[int, float]], step: int, steps: int, cures: Cures, watched: str
) -> Iterator[Finding]:
    yield from ()
