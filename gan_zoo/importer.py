"""Published checkpoints -> a run folder, through the layouts that network specs declare.

Knows files, prefixes, old norm statistics and strictness, and no network. A file is named
EPOCH_net_FILE.pth, FILE as the layout says. What does not fit is refused before anything is
written; what is left out, filled in or converted is said.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.instancenorm import _InstanceNorm

from gan_zoo.assembly import assemble
from gan_zoo.engine import checkpoint
from gan_zoo.engine.checkpoint import Position
from gan_zoo.engine.rundir import RunDir
from gan_zoo.errors import ContractError, UserError
from gan_zoo.layers import InstanceNorm
from gan_zoo.pretrained import read
from gan_zoo.recipe.model import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.specs import Published
from gan_zoo.zoo import Zoo

NAME = re.compile(r"(?P<epoch>.+?)_net_(?P<file>.+)\.pth")
LATEST = "latest"
PREFIX = "module."  # of networks that were saved inside a wrapper
COUNTER = "num_batches_tracked"
STATISTICS = ("running_mean", "running_var", COUNTER)


@dataclass(frozen=True)
class Slot:
    """A network of the recipe that a file can fill."""

    name: str  # of the network in the run
    key: str  # where its spec stands in the recipe
    spec: Any
    joins: tuple[Any, ...]  # what `build` and `published` of the spec take
    needed: bool  # no picture can be made without it
    file: Path | None = None
    stored: Mapping[str, Tensor] = field(default_factory=dict)  # the file's tensors

    def __str__(self) -> str:
        return f"{self.name} ({Zoo.installed().name_of(type(self.spec))})"

    @property
    def layouts(self) -> list[Published]:
        """The layouts that its options can read."""
        return list(self.spec.published(*self.joins))


@dataclass(frozen=True)
class Fit:
    """A file held against one layout."""

    state: dict[str, Tensor]  # by our keys
    notes: list[str]  # what was done to the file
    misfits: list[str]  # what is missing, unexpected or of another shape
    steps: frozenset[int]  # came - expected, over all lengths that differ


def import_run(folder: Path, recipe: Recipe, out: Path, source: Source | None = None) -> list[str]:
    """Make a run folder of published checkpoints; returns what was done, line by line.

    The run translates at once. `resume` trains on from the imported weights: first phase, first
    step, fresh optimizers. A network without a file that no picture needs starts fresh.

    Args:
        folder: Holds EPOCH_net_FILE.pth: `latest`, else the only epoch, else the highest number.
        recipe: What the networks were trained with.
        out: The run's folder, which must not exist.
        source: Where the recipe's values came from, for origins.txt.

    Raises:
        UserError: a file is absent, damaged, holds anything but tensors, or does not fit; says
            what is missing, unexpected or of another shape, and the recipe values that would fit.
    """
    recipe = recipe.anchored()
    slots, lines = _filled(Path(folder), list(_slots(recipe)))
    fits = {slot.name: _fit(slot) for slot in slots if slot.file}
    if any(fit.misfits for fit in fits.values()):
        raise UserError(_refusal(recipe, [slot for slot in slots if slot.file], fits))

    networks = assemble(recipe, weights=len(fits) < len(slots), losses="none").networks
    for slot in slots:
        if not slot.file:
            files = " or ".join(f"*_net_{layout.file}.pth" for layout in slot.layouts)
            lines.append(f"{slot}: there is no {files}, so it starts with fresh weights")
            continue
        fit, network = fits[slot.name], networks[slot.name]
        ours = network.state_dict()
        types = sorted({(str(t.dtype), str(ours[key].dtype)) for key, t in fit.state.items()})
        network.load_state_dict({**ours, **fit.state})
        count = sum(parameter.numel() for parameter in network.parameters())
        lines += [f"{slot}: {slot.file.name}, {count:,} parameters", *fit.notes]
        lines += [f"  {came} became {kept}" for came, kept in types if came != kept]
    run = RunDir.create(Path(out), recipe, source, None)
    _write(run, recipe, {name: network.state_dict() for name, network in networks.items()})
    lines.append(f"gan-zoo translate {out} INPUT OUTPUT makes pictures with it")
    return [*lines, f"gan-zoo resume {out} trains on from these weights, with fresh optimizers"]


def _slots(recipe: Recipe) -> Iterator[Slot]:
    """The networks of the recipe, conditions with parameters too.

    Raises:
        UserError: nobody published a checkpoint of one of them.
    """
    wiring = recipe.method.wire(recipe)
    keys = {id(spec): key for key, spec in recipe.components().items()}
    for net in wiring.networks:
        key, needed = keys.get(id(net.spec), net.name), net.player == wiring.players[0]
        yield _published(Slot(net.name, key, net.spec, (net.given, net.wanted), needed))
    for name, spec in recipe.conditions.items():
        key = f"conditions.{name}"
        with torch.device("meta"):
            if any(True for _ in spec.build(wiring.maps).parameters()):
                yield _published(Slot(key, key, spec, (wiring.maps,), True))


def _published(slot: Slot) -> Slot:
    if slot.layouts:
        return slot
    known = [name for name, kind in _kinds(slot) if replace(slot, spec=kind.example()).layouts]
    have = f"those that have one: {', '.join(known)}" if known else "nor has any other"
    raise UserError(f"{slot} has no published checkpoint layout with these options; {have}")


def _kinds(slot: Slot) -> list[tuple[str, Any]]:
    """Name and spec of every component of the slot's kind."""
    claims = Zoo.installed().claims(slot.spec.kind)
    return [(name, claimed[0].spec) for name, claimed in claims.items() if len(claimed) == 1]


# ---------------------------------------------------------------------------------- files


def _filled(folder: Path, slots: Sequence[Slot]) -> tuple[list[Slot], list[str]]:
    """The slots with their files, all of one epoch, and what is to be said of the choice."""
    if not folder.is_dir():
        what = "is a file; give the folder that holds it" if folder.exists() else "is not there"
        raise UserError(f"{folder} {what}")
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and (match := NAME.fullmatch(path.name)):
            found.setdefault(match["epoch"], {})[match["file"]] = path
    if not found:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "it is empty"
        names = ", ".join(f"{LATEST}_net_{slot.layouts[0].file}.pth" for slot in slots)
        raise UserError(f"{folder} holds no checkpoint ({there}); name the files {names}")
    epoch = _epoch(folder, list(found))
    files, filled = found[epoch], []
    for slot in slots:
        file = next((files[at.file] for at in slot.layouts if at.file in files), None)
        if file is None and slot.needed:
            raise UserError(
                f"{folder} has no {epoch}_net_{slot.layouts[0].file}.pth for {slot}; "
                f"it has {', '.join(path.name for path in files.values())}"
            )
        filled.append(replace(slot, file=file, stored=read(file)) if file else slot)
    every = [path for one in found.values() for path in one.values()]
    left = [path.name for path in every if path not in [slot.file for slot in filled]]
    return filled, [f"Left alone: {', '.join(left)}"] if left else []


def _epoch(folder: Path, epochs: list[str]) -> str:
    if LATEST in epochs or len(epochs) == 1:
        return LATEST if LATEST in epochs else epochs[0]
    if all(epoch.isdecimal() for epoch in epochs):
        return max(epochs, key=int)
    raise UserError(
        f"{folder} holds the epochs {', '.join(epochs)} and none is called {LATEST}; "
        "copy the files of one of them into a folder of its own"
    )


# ---------------------------------------------------------------------------------- layouts


def _fit(slot: Slot) -> Fit:
    """The slot's file held against the layout that it fits best."""
    with torch.device("meta"):
        network = slot.spec.build(*slot.joins)
    ours = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    instance = any(isinstance(m, InstanceNorm | _InstanceNorm) for m in network.modules())
    fits = []
    for layout in slot.layouts:
        assert {*layout.keys.values(), *layout.rests} == set(ours), f"{slot}: layout {layout.file}"
        expected = {theirs: ours[key] for theirs, key in layout.keys.items()}
        taken, notes = _renewed(slot.stored, expected, instance)
        state = {layout.keys[key]: tensor for key, tensor in taken.items() if key in layout.keys}
        fits.append(Fit(state, notes, *_misfits(taken, expected)))
    return min(fits, key=lambda fit: len(fit.misfits))


def _renewed(
    stored: Mapping[str, Tensor], expected: Mapping[str, object], instance: bool
) -> tuple[dict[str, Tensor], list[str]]:
    """An old file as today's would be, and what was done to it."""
    taken, notes = _bare(stored), []
    if taken.keys() != stored.keys():
        notes.append(f"  the prefix {PREFIX} of its keys was taken off")
    old = [
        key
        for key in taken
        for norm, _, what in [key.rpartition(".")]
        if instance and what in STATISTICS and key not in expected
        if not {f"{norm}.weight", f"{norm}.bias"} & taken.keys()
    ]
    if old:
        notes.append(f"  {len(old)} old statistics of instance norms were left out: it uses none")
    absent = [
        key
        for key in expected
        if key.endswith(COUNTER) and key not in taken
        if key.removesuffix(COUNTER) + "running_mean" in taken
    ]
    if absent:
        notes.append(f"  {len(absent)} counters {COUNTER} were missing and are 0")
    taken |= {key: torch.tensor(0) for key in absent}
    return {key: tensor for key, tensor in taken.items() if key not in old}, notes


def _bare(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    prefix = PREFIX if all(key.startswith(PREFIX) for key in stored) else ""
    return {key.removeprefix(prefix): tensor for key, tensor in stored.items()}


def _misfits(
    taken: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]
) -> tuple[list[str], frozenset[int]]:
    """All that is missing, unexpected or of another shape, a line each; and by how much."""
    said = [f"missing: {key} {shape}" for key, shape in expected.items() if key not in taken]
    said += [f"unexpected: {k} {tuple(t.shape)}" for k, t in taken.items() if k not in expected]
    steps: set[int] = set()
    for key, shape in expected.items():
        came = tuple(taken[key].shape) if key in taken else shape
        if came != shape:
            said.append(f"another shape: {key} {came} came, {shape} was expected")
            steps |= {a - b for a, b in zip(came, shape, strict=False)} - {0}
    return said, frozenset(steps)


# ---------------------------------------------------------------------------------- cures


def _refusal(recipe: Recipe, slots: Sequence[Slot], fits: Mapping[str, Fit]) -> str:
    """What is wrong with every file, and the recipe values that would fit."""
    lines: list[str] = []
    changes: dict[str, Any] = {}
    advised = []
    for slot in slots:
        better, named = slot, dict[str, Any]()
        if misfits := fits[slot.name].misfits:
            lines += [f"{slot.file} does not fit {slot}:", *(f"  {said}" for said in misfits)]
            better, named = _advise(slot, len(misfits))
        changes |= named
        advised.append(better)
    fitting = not any(_fit(slot).misfits for slot in advised)
    if not fitting and (channels := _channels(recipe, advised)):
        changes, fitting = {**channels, **changes}, True
    if changes:
        tree = recipe.dump()
        told = [f"{key} {value} (recipe: {_at(tree, key)})" for key, value in changes.items()]
        sets = [f"--set {shlex.quote(f'{k}={_plain(v)}')}" for k, v in changes.items()]
        cure = "Use" if fitting else "That is not all of it, but it comes nearer:"
        lines += [f"The shapes speak of {', '.join(told)}", f"{cure} {' '.join(sets)}"]
    if not fitting:
        maps = ", ".join(f"{name} {image.channels}" for name, image in recipe.data.maps().items())
        lines.append(f"Channels follow from the data and the conditions; the data gives {maps}")
    return "\n".join(lines)


def _advise(slot: Slot, least: int) -> tuple[Slot, dict[str, Any]]:
    """The options, or the other component, that the file's shapes speak of: what fits best."""
    best, changes = slot, {}
    shapes = {key: tuple(tensor.shape) for key, tensor in _bare(slot.stored).items()}
    own = type(slot.spec)
    for name, kind in sorted(_kinds(slot), key=lambda named: named[1] is not own):
        speaker = slot.spec if kind is own else kind.example()
        for layout in replace(slot, spec=speaker).layouts:
            start = slot.spec if kind is own else kind.model_construct()  # the defaults
            tree = start.model_dump(mode="json")
            options = {  # of another component inside another nothing stands in the recipe yet
                key: value
                for key, value in layout.options(shapes).items()
                if _at(tree, key) != value or (kind is not own and "." in key)
            }
            try:
                for key, value in options.items():
                    _put(tree, key, value)
                tree.pop("use", None)
                changed = replace(slot, spec=kind.model_validate(tree))
                misfits = len(_fit(changed).misfits) if changed.layouts else least
            except ValueError:  # options that do not go together
                continue
            if misfits < least:
                best, least = changed, misfits
                options = options if kind is own else {"use": name, **options}
                changes = {f"{slot.key}.{key}": value for key, value in options.items()}
    return best, changes


def _channels(recipe: Recipe, slots: Sequence[Slot]) -> dict[str, int]:
    """Channels of the data with which every file fits, where the data has options for them."""
    maps = recipe.data.maps()
    named = [name for name in maps if name in type(recipe.data).model_fields]
    steps = {step for slot in slots for step in _fit(slot).steps}
    if len(steps) > 5:  # this is more than channels
        return {}
    for moves in itertools.product(sorted({0, *steps}, key=abs), repeat=len(named)):
        counts = {n: maps[n].channels + by for n, by in zip(named, moves, strict=True) if by}
        tree = {**recipe.data.model_dump(mode="json"), **counts}
        tree.pop("use", None)
        try:
            data = type(recipe.data).model_validate(tree)
            joins = {s.name: s.joins for s in _slots(recipe.model_copy(update={"data": data}))}
            if all(not _fit(replace(s, joins=joins[s.name])).misfits for s in slots):
                return {f"data.{name}": count for name, count in counts.items()}
        except (ValueError, ContractError, UserError):
            continue
    return {}


def _plain(value: Any) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        tree = tree.setdefault(step, {})
    tree[last] = value


def _at(tree: Any, path: str) -> Any:
    for step in path.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def _write(run: RunDir, recipe: Recipe, networks: Mapping[str, Mapping[str, Tensor]]) -> None:
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
