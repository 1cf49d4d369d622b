"""A file held against the layouts of a network: renewed where it is old, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.modules.instancenorm import _InstanceNorm

from gan_zoo.components.meta_device import on_meta
from gan_zoo.components.norms import InstanceNorm
from gan_zoo.importer.files import PREFIX, File
from gan_zoo.importer.network_files import NetworkFile

COUNTER = "num_batches_tracked"
STATISTICS = ("running_mean", "running_var", COUNTER)


@dataclass(frozen=True)
class Match:
    """A file held against one layout."""

    state: dict[str, Tensor]  # by our keys
    notes: list[str]  # what was done to the file
    misfits: list[str]  # what is missing, unexpected or of another shape
    rests: frozenset[str]  # our keys that no such file holds


def match_file(slot: NetworkFile) -> Match:
    """The slot's file held against the layout that it fits best."""
    assert slot.file is not None
    with on_meta():
        network = slot.spec.build(*slot.joins)
    ours = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    instance = any(isinstance(m, InstanceNorm | _InstanceNorm) for m in network.modules())
    fits = []
    for layout in slot.layouts:
        assert {*layout.keys.values(), *layout.rests} == set(ours), f"{slot}: layout {layout.file}"
        expected = {theirs: ours[key] for theirs, key in layout.keys.items()}
        taken, notes = _renewed(slot.file, expected, instance)
        state = {layout.keys[key]: tensor for key, tensor in taken.items() if key in layout.keys}
        fits.append(Match(state, notes, _misfits(taken, expected), layout.rests))
    return min(fits, key=lambda one: len(one.misfits))


def _renewed(
    file: File, expected: Mapping[str, object], instance: bool
) -> tuple[dict[str, Tensor], list[str]]:
    """An old file as today's would be, and what was done to it."""
    taken, notes = dict(file.bare), []
    if taken.keys() != file.stored.keys():
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


def _misfits(taken: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]) -> list[str]:
    """All that is missing, unexpected or of another shape, a line each."""
    said = [f"missing: {key} {shape}" for key, shape in expected.items() if key not in taken]
    said += [f"unexpected: {k} {tuple(t.shape)}" for k, t in taken.items() if k not in expected]
    for key, shape in expected.items():
        came = tuple(taken[key].shape) if key in taken else shape
        if came != shape:
            said.append(f"another shape: {key} {came} came, {shape} was expected")
    return said
