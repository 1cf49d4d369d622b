"""Published checkpoints -> a run folder, through the layouts that network specs declare.

Knows files, prefixes, old norm statistics and strictness, and no network. A file is named
EPOCH_net_NAME.pth, NAME as the layout says. What does not fit is refused before anything is
written; what is left out, filled in, converted or assumed is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gan_zoo.engine.assembly import assemble
from gan_zoo.importer.cures import match_all
from gan_zoo.importer.files import Folder
from gan_zoo.importer.matching import Match
from gan_zoo.importer.network_files import NetworkFile, file_names, network_files, with_files
from gan_zoo.importer.recipe_from_files import read_recipe
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor


def import_run(
    folder: Path | Folder, recipe: Recipe, out: Path, source: Source | None = None
) -> list[str]:
    """Make a run folder of published checkpoints; returns what was done, line by line.

    The run translates at once. `resume` trains on from the imported weights: first phase, first
    step, fresh optimizers. A network without a file that no picture needs starts fresh, and so
    does what rests where the whole plays.

    Args:
        folder: Holds EPOCH_net_NAME.pth: `latest`, else the only epoch, else the highest number.
        recipe: What the networks were trained with; `read_recipe` reads it off the files.
        out: The run's folder, which must not exist.
        source: Where the recipe's values came from, for origins.txt.

    Raises:
        UserError: a file is absent, damaged, holds anything but tensors, or does not fit; says
            what is missing, unexpected or of another shape, and the recipe values that would fit.
    """
    recipe = recipe.with_absolute_paths()
    if not isinstance(folder, Folder):
        folder = Folder.open(Path(folder), file_names(network_files(recipe)))
    networks, lines = with_files(recipe, folder)
    fits = match_all(recipe, networks)

    fresh = any(slot.file is None or fits[slot.name].rests for slot in networks)
    modules = assemble(recipe, weights=fresh, losses="none").networks
    for slot in networks:
        if not slot.file:
            files = " or ".join(f"*_net_{name}.pth" for name in slot.names)
            lines.append(
                f"{slot}: there is no {files}, so it starts with fresh weights; pictures need "
                "none, `resume` trains it from the start"
            )
            continue
        lines += _filled(modules[slot.name], slot, fits[slot.name], initialized=recipe.init)
    run = RunFolder.create(Path(out), recipe, source, None)
    _write(run, recipe, {name: module.state_dict() for name, module in modules.items()})
    lines.append(f"gan-zoo translate {out} INPUT OUTPUT makes pictures with it")
    return [*lines, f"gan-zoo resume {out} trains on from these weights, with fresh optimizers"]


def import_unknown(folder: Path, out: Path, changes: Mapping[str, Any] | None = None) -> list[str]:
    """Make a run folder of published checkpoints that come without a recipe: it is read off them.

    Args:
        folder: As in `import_run`.
        out: The run's folder, which must not exist.
        changes: What is known better than the files tell, by dotted path of the recipe.

    Raises:
        UserError: as in `import_run`; also where no component knows the tensors, and where the
            recipe does not hold together.
    """
    files = Folder.open(Path(folder))
    recipe, source, told = read_recipe(files, changes)
    return [*told, *import_run(files, recipe, out, source)]


def _filled(
    module: torch.nn.Module, slot: NetworkFile, found: Match, *, initialized: object
) -> list[str]:
    """Put a file into its network; what is to be said of it."""
    ours = module.state_dict()
    types = sorted({(str(t.dtype), str(ours[key].dtype)) for key, t in found.state.items()})
    module.load_state_dict({**ours, **found.state})
    count = sum(parameter.numel() for parameter in module.parameters())
    lines = [f"{slot}: {slot.file}, {count:,} parameters", *found.notes]
    lines += [f"  {came} became {kept}" for came, kept in types if came != kept]
    if found.rests:
        whose = "the recipe's init" if initialized else "the framework"
        rests = ", ".join(sorted(found.rests))
        lines.append(f"  resting, in no such file: {rests}; first weights by {whose}")
    return lines


def _write(run: RunFolder, recipe: Recipe, networks: Mapping[str, Mapping[str, Tensor]]) -> None:
    """The weights to translate with, and a first checkpoint to train on from."""
    weights = {
        name: {key: tensor.detach().contiguous() for key, tensor in state.items()}
        for name, state in networks.items()
    }
    phases = list(recipe.phases)
    run.save_weights("latest", weights, {"phase": phases[-1], "step": 0})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        generators = {"cpu": torch.get_rng_state()}
    checkpoint.save(run.state, Position(phases[0]), {"networks": weights, "generators": generators})
