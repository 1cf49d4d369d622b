"""Samples -> batches. Order and pixels are a function of (seed, pass, sample) alone: no worker
holds state, so their number changes nothing, and a run can go on from any batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import active_children
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from gan_zoo.components.instance_ids import renumber_sample
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.engine.workers import deafen, send_away
from gan_zoo.errors import DataError

if TYPE_CHECKING:
    from gan_zoo.recipe.recipe import Recipe

Draw = tuple[int, int]  # (pass over the data, index of the sample)
SMALL = 1 << 21  # bytes of a batch that comes sooner through a worker's pipe than as shared memory


@dataclass(frozen=True)
class Batch:
    """Samples side by side: maps are `B C H W`."""

    names: list[str]
    files: list[str]
    maps: dict[str, Tensor]

    def pin_memory(self) -> Batch:
        """Called by torch's loader for GPUs."""
        return Batch(self.names, self.files, {n: t.pin_memory() for n, t in self.maps.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """On its way from a worker: of shared memory each tensor's handle must be asked for, which
        takes longer than the pixels of a small batch.
        """
        if sum(tensor.nbytes for tensor in self.maps.values()) > SMALL:
            return Batch, (self.names, self.files, self.maps)
        return _received, (self.names, self.files, {n: t.numpy() for n, t in self.maps.items()})


def _received(names: list[str], files: list[str], maps: Mapping[str, np.ndarray]) -> Batch:
    return Batch(names, files, {name: torch.from_numpy(array) for name, array in maps.items()})


@dataclass(frozen=True)
class Plan:
    """Which samples each step of a phase sees; the last batch of a pass may be smaller.

    Args:
        samples: How many there are.
        batch: Samples a batch.
        seed: Of the run.
        first_pass: The number of the phase's first pass among all of the run.
        accumulate: Batches a step.
        scheme: Which numbers are drawn, as `draws` of the recipe's engine section says.
    """

    samples: int
    batch: int
    seed: int
    first_pass: int
    accumulate: int = 1
    scheme: int = 2

    @classmethod
    def of(cls, recipe: Recipe, samples: int, first_pass: int = 0) -> Self:
        """That of a phase's recipe."""
        engine = recipe.engine
        return cls(
            samples, recipe.data.batch, recipe.seed, first_pass, engine.accumulate, engine.draws
        )

    @property
    def steps_a_pass(self) -> int:
        """Steps until every sample was seen once."""
        return -(-self.samples // self._a_step)

    @property
    def _a_step(self) -> int:
        """Samples of a step that is not cut short."""
        return self.batch * self.accumulate

    def batches_of(self, step: int) -> int:
        """Batches of a step of the phase."""
        left = self.samples - step % self.steps_a_pass * self._a_step
        return -(-min(left, self._a_step) // self.batch)

    def draws(self, start: int, stop: int) -> Iterator[list[Draw]]:
        """The draws of the phase's steps from `start` to before `stop`, batch by batch."""
        shuffled: list[int] = []
        for step in range(start, stop):
            passed, at = divmod(step, self.steps_a_pass)
            number = self.first_pass + passed
            if at == 0 or not shuffled:
                shuffled = shuffled_order(self.seed, number, self.samples)
            first = at * self._a_step
            for batch in range(self.batches_of(step)):
                chosen = shuffled[first + batch * self.batch :][: self.batch]
                yield [(number, index) for index in chosen]


def shuffled_order(seed: int, passed: int, samples: int) -> list[int]:
    """The order of the samples in a pass."""
    shuffled: list[int] = np.random.default_rng([seed, passed]).permutation(samples).tolist()
    return shuffled


def read_batches(
    dataset: Dataset,
    plan: Plan,
    *,
    start: int,
    stop: int,
    workers: int,
    pin: bool,
    maps: Mapping[str, Image] | None = None,
) -> Iterator[Batch]:
    """The batches of a phase's steps, read ahead by worker processes.

    Args:
        dataset: The samples.
        plan: Which of them each step sees.
        start: The first step.
        stop: The step after the last.
        workers: How many processes; none reads in this one.
        pin: Into page-locked memory, for GPUs.
        maps: The shapes of the data's maps; those of instances are renumbered by them.

    Raises:
        DataError: a sample cannot be read; names the file.
    """
    loader = DataLoader(
        _Drawn(dataset, plan, maps or {}),
        batch_sampler=plan.draws(start, stop),  # drawn as it is needed
        num_workers=workers,
        collate_fn=_collate,
        pin_memory=pin,
        worker_init_fn=deafen,
        generator=torch.Generator(),  # else the loader would draw from the run's own
    )
    others, batches = set(active_children()), None
    try:
        batches = iter(loader)
        for batch in batches:
            if isinstance(batch, DataError):
                raise batch
            yield batch
    except BaseException:  # torch waits for who reads ahead, and who hangs would let it wait
        readers = [process for process in active_children() if process not in others]
        send_away(readers, batches)
        raise


def group_by_step(
    feed: Iterator[Batch], plan: Plan, start: int, stop: int
) -> Iterator[list[Batch]]:
    """The batches of the steps from `start` to before `stop`, step by step."""
    for step in range(start, stop):
        yield list(islice(feed, plan.batches_of(step)))


def collate(samples: Sequence[Sample]) -> Batch:
    """Stack samples.

    Raises:
        DataError: pictures of several sizes cannot share a batch; names two of them.
    """
    first = samples[0]
    for sample in samples:
        for name, tensor in sample.maps.items():
            if tensor.shape != first.maps[name].shape:
                ours, theirs = ("x".join(map(str, s.maps[name].shape[1:])) for s in (sample, first))
                raise DataError(
                    f"{sample.files[0]}: {ours}, but {first.files[0]} is {theirs}; pictures of "
                    "several sizes need data.crop, data.load or data.batch: 1"
                )
    return Batch(
        [sample.name for sample in samples],
        [file for sample in samples for file in sample.files],
        {name: torch.stack([s.maps[name] for s in samples]) for name in first.maps},
    )


class _Drawn(TorchDataset["Sample | DataError"]):
    """Reads a sample with the draw that its pass gives it. Errors travel as values: a worker's
    own exception would reach the user with a traceback of the worker.
    """

    def __init__(self, dataset: Dataset, plan: Plan, maps: Mapping[str, Image]) -> None:
        self.dataset = dataset
        self.plan = plan
        self.maps = maps

    def __getitem__(self, draw: Draw) -> Sample | DataError:
        passed, index = draw
        try:
            stream = index + (self.plan.scheme - 1)  # from 1: 0 is that of the order
            drawn = np.random.default_rng([self.plan.seed, passed, stream])
            return renumber_sample(self.dataset.read(index, drawn), self.maps)
        except DataError as problem:
            problem.sample = index
            return problem


def _collate(samples: Sequence[Sample | DataError]) -> Batch | DataError:
    read: list[Sample] = []
    for sample in samples:
        if isinstance(sample, DataError):
            return sample
        read.append(sample)
    try:
        return collate(read)
    except DataError as problem:
        return problem
