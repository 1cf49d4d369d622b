"""The state of a run: who plays, on what, how far it is, and what of it is on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.instance_ids import renumber_sample
from gan_zoo.components.interfaces import Dataset, Ear, Sample
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Batch, collate, read_batches
from gan_zoo.engine.phase import Memory, PhaseRunner
from gan_zoo.engine.playing import cast_of
from gan_zoo.engine.precision import Precision, restore_generators
from gan_zoo.engine.settling import refuse_graphs
from gan_zoo.errors import UserError
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.callbacks import make_plugin_manager
from gan_zoo.training.course import Course
from gan_zoo.training.keeper import Keeper
from gan_zoo.training.signals import Stop
from gan_zoo.training.unread import Unread


class RunState:
    """What a run is between two steps, and what it offers to callbacks (gan_zoo.components.Run).

    Args:
        wired: The resolved recipe.
        dir: The run's folder; need not exist before `go`.
        precision: In which numbers, on which device.
        reporter: Where progress is told.
        last_step: The run ends there, if not before.
    """

    def __init__(
        self,
        wired: WiredRecipe,
        dir: RunFolder,
        precision: Precision,
        reporter: Reporter,
        *,
        last_step: int | None = None,
    ) -> None:
        self.recipe = recipe = wired.recipe
        self.wired = wired
        self.dir = dir
        self.precision = precision
        self.reporter = reporter
        self._kept = precision.described()
        for phase in recipe.phases:  # a device that is not there is said before the first of them
            played = wired.phase(phase)
            where = Precision.of(**played.recipe.engine.computing, kept=self._kept).device
            refuse_graphs(played, where)
        self.course = Course(wired, last_step=last_step)
        self.assembly = assemble(wired, weights=not checkpoint.saved(dir.state))
        self.memory = Memory()
        self._listening = make_plugin_manager(recipe)
        self.hooks = self._listening.hook
        self.runner: PhaseRunner
        self.training: Dataset
        self._keeper = Keeper(
            dir, self.assembly, reporter, dict(self._listening.list_name_plugin())
        )
        self._datasets: dict[str, Dataset] = {}
        self._latest: Batch | None = None
        self._saved: Position | None = None  # of the latest checkpoint, which may not be whole yet
        self._untold: list[Path] = []  # those that callbacks have not heard of
        self._moment: Mapping[str, Any] | None = None  # before the look that goes on
        self._unread = Unread(dir, self.hooks, self)
        self._stop = Stop(reporter)
        reporter.log_to(dir.text_log)
        torch.manual_seed(recipe.seed)

    # ------------------------------------------------------------------ what callbacks ask for

    @property
    def folder(self) -> Path:
        """The run's folder, which may hold files of callbacks."""
        return self.dir.path

    @cached_property
    def resolved_recipe(self) -> Mapping[str, Any]:
        """The recipe as plain data, every default written out."""
        return self.recipe.dump()

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All that has weights, by name; the one that makes pictures first."""
        return self.assembly.networks

    def name_of(self, callback: object) -> str:
        """The name by which the recipe calls a callback."""
        name = self._listening.get_name(callback)
        assert name is not None, "it is no callback of this run"
        return name

    def player_of(self, network: str) -> str:
        """The player that moves a network."""
        return self.assembly.owner(network)

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to where the networks are, in their type and layout."""
        return self.precision.place(module)

    def dataset(self, split: str) -> Dataset:
        """The samples of a split, at the phase's size."""
        if split not in self._datasets:
            self._datasets[split] = self.runner.recipe.data.open(split, self.runner.phase.size)
        return self._datasets[split]

    def pictures(self) -> Translator:
        """The networks as they are now, behind the one door that makes pictures; averages of them
        where inference asks for those.
        """
        cast = self.runner.cast
        if networks := self._asked():
            assembly = self.assembly.with_networks(networks)
            cast = cast_of(assembly, self.runner.wired, self.precision)
        return Translator(self.runner.wired, cast, self.assembly.method)

    def log(self, entry: Mapping[str, Any]) -> None:
        """Write a line of log.jsonl: JSON, with the step, the phase and the epoch of now."""
        at = self.position
        self.dir.note({"step": at.step, "phase": at.phase, "epoch": self.epoch, **entry})

    def say(self, line: str) -> None:
        """Tell the user a line, which log.txt keeps."""
        self.reporter.say(line)

    def batch(self) -> Mapping[str, Tensor]:
        """The maps of the latest samples that were learned from, on their device: `B C H W`."""
        return self.precision.receive(self._latest_batch().maps)

    def _latest_batch(self) -> Batch:
        if self._latest is None:  # resumed: those of the last step before
            at = self.position.phase_step
            assert at > 0, "no step was taken yet"
            *_, self._latest = self._read(at - 1, at, workers=0)
        return self._latest

    def _read(self, start: int, stop: int, *, workers: int) -> Iterator[Batch]:
        """The batches of the phase's steps from `start` to before `stop`."""
        return read_batches(
            self.training,
            self.course.plan,
            start=start,
            stop=stop,
            workers=workers,
            pin=self.precision.device.type == "cuda",
            maps=self.runner.recipe.data.maps(self.runner.phase.size),
        )

    def _asked(self) -> Mapping[str, nn.Module]:
        """The networks that a callback keeps and inference asks for; none if those that learn."""
        return self._keeper.kept().get(self.recipe.inference.weights, {})

    @property
    def position(self) -> Position:
        """How far it is."""
        return self.course.position

    @property
    def epoch(self) -> int:
        """Passes over the data in this phase, the one begun included; from 1."""
        return self.course.epoch

    @property
    def steps(self) -> int:
        """Those of the whole run, where nobody asks it to end before."""
        return self.course.steps

    @property
    def steps_a_pass(self) -> int:
        """Of the phase: how many steps a pass over the data takes."""
        return self.course.plan.steps_a_pass

    def listen(self, ear: Ear, samples: Sequence[Sample] | None = None) -> None:
        """Play a step in which nobody moves, and tell an ear what each player would learn from."""
        if samples is None:
            maps = self._latest_batch().maps
        else:
            shapes = self.runner.recipe.data.maps(self.runner.phase.size)
            maps = collate([renumber_sample(sample, shapes) for sample in samples]).maps
        self.runner.listen(maps, ear)

    # ------------------------------------------------------------------ from phase to phase

    def enter(self, phase: str, *, resumed: bool = False) -> None:
        """Make a phase ready: who plays and learns, with which optimizer state and data."""
        engine = self.wired.phase(phase).recipe.engine
        self.precision = Precision.of(**engine.computing, kept=self._kept)
        if hasattr(self, "runner"):
            self.runner.end()
        self.runner = PhaseRunner(self.assembly, phase, self.precision, self.memory)
        self.runner.begin(resumed=resumed)
        self._datasets = {}
        self.training = self.dataset("train")
        self.course.samples = len(self.training)
        if self.recipe.validation is not None:
            self.dataset(self.recipe.validation.split)  # what is missing is said before a step

    def restore(self) -> None:
        """Go back to the last whole checkpoint; without one, to the first step."""
        restored = self._keeper.restore()
        if restored is None:
            self.enter(self.position.phase)
            return
        self.course.position, self.memory, drawn = restored
        self._saved = replace(self.position)
        self.enter(self.position.phase, resumed=True)
        restore_generators(drawn, self.precision.device)

    def end_short_phase(self) -> None:
        """Say where a phase is over before its time: it has fewer samples than before."""
        done, steps = self.position.phase_step, self.course.phase_steps
        if done > steps:
            self.position.looked = False  # its end is looked at now
            told = (
                f"Phase {self.position.phase} has {steps} steps by the samples of now, and {done}"
            )
            self.reporter.say(f"{told} were taken: it is over")

    def end_at(self, steps: int | None) -> None:
        """Change after how many steps the run ends; None for the end of its phases."""
        if steps is not None and steps < self.position.step:
            raise UserError(f"--steps {steps}: {self.dir.path} is at step {self.position.step}")
        self.dir.end_at(steps)
        self.course.last_step = steps

    # ------------------------------------------------------------------ on disk

    def save(self) -> None:
        """Write a checkpoint of this step, if there is none, and wait until it is whole: whatever
        befalls who only looks at pictures then costs no step.
        """
        if self._saved is None or self._saved.step != self.position.step:
            self._save()
        self._settle(wait=True)

    def read_losses(self, *, but: int = 0) -> dict[str, float]:
        """Read the numbers of the steps so far, all but the latest few: the latest of each label.

        Raises:
            NonFinite: a step came to something that is no number.
        """
        found: dict[str, float] = {}
        for terms in self._unread.read(but=but):
            self.position.recent = {**self.position.recent, **terms}
            found |= terms
        return found

    @contextmanager
    def _costing_no_step(self) -> Iterator[None]:
        """Whatever is at fault in here, this step is saved before it is told.

        Raises:
            UserError: what was raised, and what is saved.
        """
        try:
            yield
        except UserError as problem:
            self.save()
            told = f"gan-zoo resume {self.dir.path} looks again and goes on"
            step = f"Step {self.position.step} is saved"
            raise UserError(f"{problem}\n{step}; {told}") from problem

    def _save(self) -> None:
        self.read_losses()  # no checkpoint is made past what is no number
        with self._costing_no_step(), self._stop.saving():
            self._unread.tell()
        with self._stop.saving():
            self._settle(wait=True)
            moment = self._moment or self._keeper.moment(self.precision.device)
            self._keeper.save(self.position, self.runner.remember(), moment)
            self._saved = replace(self.position)

    def _settle(self, *, wait: bool) -> None:
        """Tell of a checkpoint that has become whole."""
        with self._stop.saving():
            path = self._keeper.written(wait=wait)
            if path is not None:
                self._untold.append(path)
        while self._untold:
            self.hooks.on_checkpoint(run=self, path=self._untold.pop(0))
