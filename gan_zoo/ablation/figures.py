"""What a rehearsal tells of every variant of an ablation, on the device where it will be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gan_zoo.ablation.needs import each_once
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.variants import Variant
from gan_zoo.checks.data_at_hand import first_size
from gan_zoo.checks.last_batch import count_samples, count_steps
from gan_zoo.errors import UserError
from gan_zoo.recipe import text
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import progress


@dataclass(frozen=True)
class Prepared:
    """A variant as its runs will find it.

    Args:
        variant: As the file has it.
        wired: Its recipe from any working directory, on a device of the ablation's class.
        steps: Phase -> steps.
    """

    variant: Variant
    wired: WiredRecipe
    steps: Mapping[str, int]

    @property
    def name(self) -> str:
        """The variant's."""
        return self.variant.name

    @property
    def text(self) -> str:
        """The recipe with every default written out."""
        return text.write(self.wired.recipe.dump(self.wired.zoo))


@dataclass(frozen=True)
class Figures:
    """What a rehearsal found out.

    Args:
        parameters: Of all networks.
        flop: Phase -> floating-point operations a step.
        peak_bytes: The most of its phases.
    """

    parameters: int
    flop: Mapping[str, int]
    peak_bytes: int

    def flop_a_step(self, steps: Mapping[str, int]) -> int:
        """In the mean over the run's course."""
        total = sum(self.flop[name] * count for name, count in steps.items())
        return round(total / sum(steps.values()))


def pick_class(variants: Iterable[Variant], before: Plan | None, *, here: bool = True) -> str:
    """cpu, cuda or mps: what the variants name, or `auto` means on this machine; that of an earlier
    plan, where they leave it open.

    Args:
        variants: All of them.
        before: The earlier plan.
        here: Whether this machine makes the runs.

    Raises:
        UserError: they name several, or one that is not here and should be.
    """
    from gan_zoo.engine.precision import pick_device

    named = {one.wired.recipe.engine.device: one.name for one in variants}
    found: dict[str, str] = {}
    for device, name in named.items():
        if device == "auto":
            there = before.device if before is not None else pick_device(device).type
        else:
            there = device.partition(":")[0]
            if here and (before is None or before.device != there):
                pick_device(device)
        found.setdefault(there, name)
    if len(found) > 1:
        told = ", ".join(f"{name} on {device}" for device, name in found.items())
        raise UserError(
            f"variants compute on several kinds of devices ({told}), which is not one table; "
            "say one for all: set: {engine.device: cpu}"
        )
    return next(iter(found))


def pick_precision(device: str) -> str | None:
    """What precision `auto` means to all runs: what it means on this machine's GPU, or if there is
    none on a recent one. None on CPUs, where it is the same everywhere.
    """
    from gan_zoo.engine.precision import AUTO, Precision

    if device == "cpu":
        return None
    try:
        return Precision.of(device=device).name
    except UserError:  # it is not here, and runs are made elsewhere
        return str(AUTO[device]["precision"])


def prepare(variant: Variant, device: str, precision: str | None = None) -> Prepared:
    """Make a variant what its runs will find; its data is at hand.

    Args:
        variant: As the file has it.
        device: cpu, cuda or mps.
        precision: What `auto` means; machines that join may have other GPUs. It stays if None.
    """
    recipe = variant.wired.with_absolute_paths().recipe
    changes = {"device": device}
    if precision is not None and recipe.engine.precision == "auto":
        changes["precision"] = precision
    engine = recipe.engine.model_copy(update=changes)
    wired = WiredRecipe(recipe.model_copy(update={"engine": engine}), variant.wired.zoo)
    samples = count_samples(wired)
    steps = {name: count_steps(wired.phase(name), samples.get(name, 0)) for name in recipe.phases}
    return Prepared(variant, wired, steps)


def rehearse_all(prepared: Iterable[Prepared]) -> dict[str, Figures]:
    """Variant -> its figures.

    Raises:
        UserError: batches do not fit networks, of all variants at once.
    """
    from gan_zoo.checks.rehearsal import rehearse

    found, wrong, asked = {}, {}, [*prepared]
    with progress(len(asked), "rehearsing variants") as advance:
        for one in asked:
            try:
                size, samples = first_size(one.wired), count_samples(one.wired)
                phases = rehearse(one.wired, size, samples)
            except UserError as problem:
                wrong[one.name] = [str(problem)]
            else:
                found[one.name] = Figures(
                    sum(phases[0].playing.values()) + sum(phases[0].resting.values()),
                    {phase.phase: phase.flop for phase in phases},
                    max(phase.peak_bytes for phase in phases),
                )
            advance()
    if wrong:
        raise UserError("\n".join(each_once(wrong, len(asked))))
    return found
