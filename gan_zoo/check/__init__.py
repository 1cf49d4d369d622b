"""Judge a recipe before a weight is allocated: contracts, a rehearsal, and the data at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gan_zoo.check.contracts import contracts, misfit
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gan_zoo.check.rehearsal import Rehearsal
    from gan_zoo.recipe.model import Phase, Recipe
    from gan_zoo.recipe.source import Source
    from gan_zoo.specs import DataSpec, Size

__all__ = ["Report", "check", "contracts", "needed", "ready"]

SHOWN = 20  # mistakes in the data that stop a run; `gan-zoo check` shows all


@dataclass
class Report:
    """What a check found out.

    Args:
        phases: One rehearsal a phase.
        notes: Defaults that took hold because the recipe is silent, epochs that teach nothing, and
            what components tell of their options.
        needed: What a run still needs, each with its cure.
        mistakes: What is wrong in the data at hand, by file.
    """

    phases: list[Rehearsal]
    notes: list[str] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def check(recipe: Recipe, source: Source | None = None) -> Report:
    """Contracts, then a rehearsal of every phase on the meta device, then the data, every pixel of
    what a run would read.

    Raises:
        RecipeError: every broken contract at once.
    """
    contracts(recipe, source)
    notes = [*(source.notes if source else ()), *_notes(recipe)]
    report = Report([], notes, needed(recipe), _mistakes(recipe, pixels=True))
    size = None
    if not report.mistakes and not recipe.data.missing():
        try:
            size = _size(recipe)
        except UserError as problem:  # no header told it, but the pixels break off
            report.mistakes = [str(problem)]
    from gan_zoo.check.rehearsal import rehearse

    report.phases = rehearse(recipe, size)
    report.notes += _mixed(recipe, report.phases)
    return report


def ready(recipe: Recipe, source: Source | None = None) -> None:
    """Refuse what could not be trained: broken contracts, absent needs, mistakes in the data.

    Raises:
        RecipeError: every broken contract at once.
        UserError: what is needed, or the mistakes by file.
    """
    contracts(recipe, source)
    if found := needed(recipe) or _mistakes(recipe):
        more = len(found) - SHOWN
        rest = [f"and {more} more; `gan-zoo check` lists all"] if more > 0 else []
        raise UserError("\n".join([*found[:SHOWN], *rest]))


def needed(recipe: Recipe) -> list[str]:
    """What a run of this recipe still needs, said by its components and the data of each phase."""
    usual = recipe.data.missing()
    found = [
        f"data: {line}" if line in usual else f"phases.{name}.set: {line}"
        for name in recipe.phases
        for line in recipe.in_phase(name).data.missing()
    ]
    components = {path: spec for path, spec in recipe.components().items() if path != "data"}
    for path, spec in components.items():
        # A spec does not know its name in the recipe.
        named = path.rpartition(".")[0] + ".NAME"
        found += [f"{path}: {line.replace(named, path)}" for line in spec.missing()]
    return list(dict.fromkeys(found))


def _mistakes(recipe: Recipe, *, pixels: bool = False) -> list[str]:
    """The mistakes in the data at hand, in the splits and at the sizes that a run would read.

    Args:
        recipe: Its contracts hold.
        pixels: Decode every file; a run starts without, and finds these mistakes as it goes.
    """
    splits: dict[str, list[str]] = {"train": []}  # split -> who asks for it
    if recipe.validation:
        splits.setdefault(recipe.validation.split, []).append("validation")
    for name, callback in recipe.callbacks.items():
        for split in callback.splits():
            splits.setdefault(split, []).append(f"callbacks.{name}")
    found: dict[str, None] = {}
    inspected: list[tuple[DataSpec, Size | None]] = []
    for name, phase in recipe.phases.items():
        here = recipe.in_phase(name)
        if here.data.missing():
            continue
        if (here.data, phase.size) not in inspected:
            inspected.append((here.data, phase.size))
            look = here.data.decode if pixels else here.data.inspect
            for split, askers in splits.items():
                mistakes = [*look(split, phase.size)]
                if mistakes and split != "train":
                    mistakes[0] += f" (the split '{split}' is read by {' and '.join(askers)})"
                found |= dict.fromkeys(mistakes)
        found |= dict.fromkeys(_misfits(here, phase))
    return list(found)


def _misfits(recipe: Recipe, phase: Phase) -> Iterator[str]:
    """The sizes of training that a phase cannot work at, or cannot batch, by file.

    Args:
        recipe: As it is in the phase.
        phase: Its contracts hold.
    """
    sizes = recipe.data.sizes("train", phase.size)
    for size, file in sizes.items():
        if problem := misfit(recipe, phase, size):
            cure = _crop(recipe, phase, sizes)
            yield f"{file} is {_by(size)} in training (height x width): {problem}{cure}"
    if recipe.data.batch > 1 and len(sizes) > 1:
        (one, file), (other, another), *_ = sizes.items()
        cure = _crop(recipe, phase, sizes) or "; give a phase a size that all are resized to"
        yield (
            f"{file} is {_by(one)} in training (height x width) and {another} is {_by(other)}, but "
            f"a batch of {recipe.data.batch} needs one size{cure}, or data.batch=1"
        )


def _crop(recipe: Recipe, phase: Phase, sizes: Iterable[tuple[int, int]]) -> str:
    """The crop that every picture has room for and that fits; empty where there is none."""
    multiple = recipe.generator.multiple()
    height, width = (min(sides) // multiple * multiple for sides in zip(*sizes, strict=True))
    if "crop" not in type(recipe.data).model_fields or not height or not width:
        return ""
    if misfit(recipe, phase, (height, width)):
        return ""
    return f"; crop or load fits it: data.crop=[{height}, {width}]"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _size(recipe: Recipe) -> tuple[int, int] | None:
    """[height, width] of the first sample, for phases whose size only the data knows."""
    if all(image.size for image in recipe.data.maps().values()):
        return None
    first = next(iter(recipe.data.open("train").read(0, None).maps.values()))
    return first.shape[-2], first.shape[-1]


def _mixed(recipe: Recipe, phases: list[Rehearsal]) -> Iterator[str]:
    """Losses that take a slope sample by sample, of networks in which the samples are mixed."""
    most = max(phase.batch for phase in phases)
    for name, loss in recipe.losses.items():
        if not loss.bounds or not loss.weight:
            continue
        mixing = dict.fromkeys(
            network.name
            for network in recipe.method.wire(recipe).networks
            if network.player in loss.needs() and any(network.name in p.mixing for p in phases)
        )
        if mixing:
            told = f"losses.{name}: it takes the slope at each sample by itself, but batch norm in "
            told += f"{' and '.join(mixing)} makes it depend on the whole batch; use another norm"
            yield told + " there" + (", or stay with a batch of 1" if most == 1 else "")


def _notes(recipe: Recipe) -> list[str]:
    notes = []
    if "phases" not in recipe.model_fields_set:
        notes.append("no phases: one, main, of 200 epochs at constant rate")
    if recipe.init is None:
        notes.append("no init: the framework's own first weights")
    if recipe.validation is None:
        notes.append("no validation: nothing is scored during training, weights/best is not kept")
    for name, phase in recipe.phases.items():
        if phase.schedule and phase.epochs:
            zero = phase.schedule.hold + phase.schedule.fall
            if zero <= phase.epochs:
                notes.append(f"phase {name}: the learning rate is 0 from epoch {zero}")
    components = recipe.components().items()
    return [*notes, *(f"{path}: {line}" for path, spec in components for line in spec.notes())]
