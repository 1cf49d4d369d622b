"""Judge a recipe before a weight is allocated: contracts, a rehearsal, and the data at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.data_at_hand import Holding, data_mistakes, first_size, holdings
from gan_zoo.checks.disk import describe_disk
from gan_zoo.checks.last_batch import count_samples
from gan_zoo.checks.readiness import list_needed, refuse_unready
from gan_zoo.components.at_hand import read_once
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredRecipe

if TYPE_CHECKING:
    from gan_zoo.checks.rehearsal import Rehearsal

__all__ = ["Report", "check", "contracts", "list_needed", "refuse_unready"]


@dataclass
class Report:
    """What a check found out.

    Args:
        phases: One rehearsal a phase.
        notes: Defaults that took hold because the recipe is silent, epochs that teach nothing,
            what components tell of their options, and the disk that callbacks' files take.
        needed: What a run still needs, each with its cure.
        mistakes: What is wrong in the data at hand, by file.
        data: What lies in every split that a run would read.
    """

    phases: list[Rehearsal]
    notes: list[str] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    data: list[Holding] = field(default_factory=list)


def check(recipe: Recipe | WiredRecipe, source: Source | None = None) -> Report:
    """Contracts, then a rehearsal of every phase on the meta device, then the data, every pixel of
    what a run would read.

    Raises:
        RecipeError: every broken contract at once.
    """
    with read_once():
        return _check(contracts(recipe, source), source)


def _check(wired: WiredRecipe, source: Source | None) -> Report:
    notes = [*(source.notes if source else ()), *_notes(wired.recipe)]
    report = Report([], notes, list_needed(wired), data_mistakes(wired, pixels=True))
    report.data = holdings(wired)
    size, samples = None, {}
    if not report.mistakes and not wired.recipe.data.missing():
        try:
            size, samples = first_size(wired), count_samples(wired)
            report.notes += [f"data: {line}" for line in wired.recipe.data.remarks("train")]
        except UserError as problem:  # no header told it, but the pixels break off
            report.mistakes = [str(problem)]
    from gan_zoo.checks.rehearsal import rehearse  # torch

    report.phases = rehearse(wired, size, samples)
    report.notes += [*_mixed(wired, report.phases), *_resting_norms(report.phases)]
    report.notes += describe_disk(wired, {p.phase: p.size for p in report.phases}, samples)
    return report


def _mixed(wired: WiredRecipe, phases: list[Rehearsal]) -> Iterator[str]:
    """Losses that take a slope sample by sample, of networks in which the samples are mixed."""
    most = max(phase.batch for phase in phases)
    for name, loss in wired.recipe.losses.items():
        if not loss.bounds or not loss.weight:
            continue
        mixing = dict.fromkeys(
            network.name
            for network in wired.wiring.networks
            if network.player in loss.needs() and any(network.name in p.mixing for p in phases)
        )
        if mixing:
            told = f"losses.{name}: it takes the slope at each sample by itself, but batch norm in "
            told += f"{' and '.join(mixing)} makes it depend on the whole batch; use another norm"
            yield told + " there" + (", or stay with a batch of 1" if most == 1 else "")


def _resting_norms(phases: list[Rehearsal]) -> Iterator[str]:
    """Batch norm in parts that do not learn: by which statistics it computes there."""
    for phase in phases:
        for network, kinds in phase.resting_norms.items():
            by = {"running": "its learned statistics, if any", "batch": "those of the batch"}
            told = " and ".join(by[kind] for kind in kinds)
            told = f"batch norm in {network} that does not learn takes {told}"
            yield f"phase {phase.phase}: {told} (engine.frozen_norm)"


def _notes(recipe: Recipe) -> list[str]:
    notes = []
    if "phases" not in recipe.model_fields_set:
        notes.append("no phases: one, main, of 200 epochs at constant rate")
    if recipe.init is None:
        notes.append("no init: the framework's own first weights")
    if recipe.validation is None:
        notes.append("no validation: nothing is scored during training, weights/best is not kept")
    for name, phase in recipe.phases.items():
        if recipe.validation and phase.epochs and phase.epochs < recipe.validation.every:
            every = recipe.validation.every
            notes.append(f"phase {name}: scored at its end alone, as validation.every is {every}")
        if phase.schedule and phase.epochs:
            zero = phase.schedule.hold + phase.schedule.fall
            if zero <= phase.epochs:
                notes.append(f"phase {name}: the learning rate is 0 from epoch {zero}")
    components = recipe.components().items()
    return [*notes, *(f"{path}: {line}" for path, spec in components for line in spec.notes())]
