"""When numbers become a sentence: no number alone does, two witnesses must agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, Self

from gan_zoo_callbacks.health_signals import Pattern, Spot
from gan_zoo_callbacks.health_words import Cures, Finding

WINS = 0.98  # right shares of real and fake: the discriminator errs nowhere
TELLS = 0.9  # right shares: it has something to teach
FAST = 2.0  # times the other player's learning rate
FAINT, ALONE = 0.02, 0.98  # shares of the gradient: as good as nothing, as good as all
BY_HEART = 0.6  # of the way from real ones it has learned from to fakes
UNSEEN = 4  # looks over which the others are averaged
TOO_ALIKE = 0.3  # of the distances of targets
DEAF = 0.02  # to noise, likewise
PATTERN, SEEN = 3.0, 2.0  # times the targets' height, and 8-bit values
EVERYWHERE, RARE = 0.8, 0.4  # shares of pictures that have a spot
COPIES = 0.2  # share of outputs
STUCK, SCORES_SINCE = 0.3, 5  # of the run without a new best, and scores in that time
NO_PATTERN, NO_SPOT = Pattern(0, 0.0, 0.0), Spot(0, 0, 0.0, 0.0)
YOUNG, FIRST = 0.1, 200  # of the run, and steps, before which pictures say nothing yet


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
                f"{self.judge}.on_real_mean": self.real,
                f"{self.judge}.on_fake_mean": self.fake,
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
        probes: What was heard of late: over a twentieth of the run, or a thousand steps.
        looks: What was seen in the phase, the latest last.
        scored: Step of the run and goodness of the watched score, in the phase.
        steps: Of the whole run.
        cures: Changes that may help.
        watched: The name of that score.
    """
    if looks[-1].step >= max(YOUNG * steps, FIRST):
        known = probes[-1].judge if probes else ""
        if known and len(probes) > 1:
            yield from _of_the_players(Lately(probes, looks), cures)
        if len(looks) > 1:
            yield from _of_the_pictures(looks[-2], looks[-1], cures, known)
    yield from _of_the_scores(scored, steps, cures, watched)


class Lately:
    """The players over the window that was heard.

    Args:
        probes: What was heard.
        looks: What was seen.
    """

    def __init__(self, probes: Sequence[Probe], looks: Sequence[Look]) -> None:
        self.judge = probes[-1].judge
        self.on_real = fmean(probe.on_real for probe in probes)
        self.on_fake = fmean(probe.on_fake for probe in probes)
        shares = [probe.share for probe in probes]
        known = [share for share in shares if share is not None]
        self.share = fmean(known) if known else None
        self.adversarial = probes[-1].adversarial
        real, fake = (fmean(getattr(p, side) for p in probes) for side in ("real", "fake"))
        seen = [look.unseen for look in looks[-UNSEEN:] if look.unseen is not None]
        self.by_heart = (
            (real - fmean(seen)) / (real - fake) if len(seen) == UNSEEN and real > fake else 0.0
        )


def _of_the_players(now: Lately, cures: Cures) -> Iterator[Finding]:
    pace = cures.pace(now.judge)
    if min(now.on_real, now.on_fake) > WINS:
        told = f"The {now.judge} tells {now.on_real:.0%} of real and {now.on_fake:.0%} of fake "
        told += "patches right"
        cure = cures.slower(now.judge)
        if now.share is not None and now.share < FAINT:
            part = f"only {now.share:.1%} of the gradient that reaches the picture comes from it"
            other = "the picture is learned from the other losses alone"
            yield Finding("lead", f"{told}, and {part}: {other}", cure)
        elif pace is not None and pace >= FAST:
            yield Finding("lead", f"{told}, and learns at {pace:.2g} times the other rate", cure)
    elif now.share is not None and min(now.on_real, now.on_fake) > TELLS and now.adversarial:
        name = now.adversarial[0]
        told = f"of the gradient that reaches the picture comes from losses.{name}"
        if now.share < FAINT:
            why = f"though the {now.judge} tells real from fake"
            yield Finding("share", f"Only {now.share:.1%} {told}, {why}", cures.weight(name, 4))
        elif now.share > ALONE:
            why = "the other losses hardly count"
            yield Finding("share", f"{now.share:.1%} {told}: {why}", cures.weight(name, 0.25))
    if now.by_heart > BY_HEART and now.on_fake > TELLS:
        told = f"The {now.judge} knows the training pictures by heart: real ones that it has not "
        told += f"learned from lie {min(now.by_heart, 1):.0%} of the way to generated ones"
        yield Finding("by heart", told, cures.more_data())


def _of_the_pictures(before: Look, now: Look, cures: Cures, known: str) -> Iterator[Finding]:
    """Both of two looks in a row must show it."""
    both = (before, now)
    if all(look.alike is not None and look.alike < TOO_ALIKE for look in both):
        told = f"Outputs of different inputs are too alike: {now.alike:.0%} as far apart as their "
        yield Finding("alike", f"{told}targets", cures.bound())
    if all(look.moved is not None and look.moved < DEAF for look in both):
        told = "Seeds change next to nothing in an output, as published (Isola et al. 2017, sec. "
        yield Finding("noise", f"{told}3.2)", cures.looser())
    if before.pattern.stride == now.pattern.stride and all(
        look.pattern.ratio > PATTERN and look.pattern.amplitude > SEEN for look in both
    ):
        shown = now.pattern
        told = f"Outputs have a checkerboard of {shown.stride} pixels, {shown.ratio:.1f} times as "
        told += f"strong as in targets, {shown.amplitude:.1f} of 255"
        yield Finding("checkerboard", told, cures.smooth())
    apart = max(abs(before.spot.x - now.spot.x), abs(before.spot.y - now.spot.y))
    if apart <= 2 and all(
        look.spot.outputs >= EVERYWHERE and look.spot.targets < RARE for look in both
    ):
        told = (
            f"A spot at ({now.spot.x}, {now.spot.y}) repeats in {now.spot.outputs:.0%} of outputs"
        )
        yield Finding("spot", f"{told}, in {now.spot.targets:.0%} of targets", cures.slower(known))
    if all(look.copied is not None and look.copied > COPIES for look in both):
        told = f"{now.copied:.0%} of outputs are far nearer to a training target than to their own"
        yield Finding("copies", f"{told}: it repeats what it has seen", cures.more_data())


def _of_the_scores(
    scored: Sequence[tuple[int, float]], steps: int, cures: Cures, watched: str
) -> Iterator[Finding]:
    """The best score is old, and enough came after it."""
    if not scored:
        return
    place = max(range(len(scored)), key=lambda n: (scored[n][1], n))
    since = len(scored) - 1 - place
    if cures.step - scored[place][0] > STUCK * steps and since >= SCORES_SINCE:
        told = f"{watched} is no better since step {scored[place][0]}, over {since} scores"
        cure = cures.stopped(watched)
        yield Finding("stuck", f"{told}: stop, or go on for sharpness alone", cure)
