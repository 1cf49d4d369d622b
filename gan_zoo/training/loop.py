"""A run: a recipe taken through its phases, in a folder from which it can always go on."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.interfaces import Dataset
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.loader import Batch, group_by_step, read_batches
from gan_zoo.engine.phase import Memory, PhaseRunner, playing
from gan_zoo.engine.precision import Precision, deterministic, restore_generators
from gan_zoo.errors import DataError, UserError
from gan_zoo.evaluation.scores import score
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.announcements import announce_duration, announce_end, announce_phase
from gan_zoo.training.callbacks import make_plugin_manager
from gan_zoo.training.course import Course
from gan_zoo.training.guards import Interrupted, Stop, refuse_nonfinite, stop_on_signals
from gan_zoo.training.keeper import Keeper

WORTH_TIMING = 10  # steps; what is shorter needs no estimate


class Run:
    """The state of a run and its loop. Callbacks see this object, by gan_zoo.components.Run.

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
            Precision.of(**wired.phase(phase).recipe.engine.computing, kept=self._kept)
        self.course = Course(wired, last_step=last_step)
        self.assembly = assemble(wired, weights=not checkpoint.saved(dir.state))
        self.memory = Memory()
        listening = make_plugin_manager(recipe)
        self.hooks = listening.hook
        self.runner: PhaseRunner
        self.training: Dataset
        self._keeper = Keeper(dir, self.assembly, reporter, dict(listening.list_name_plugin()))
        self._datasets: dict[str, Dataset] = {}
        self._latest: Batch | None = None
        reporter.log_to(dir.text_log)
        torch.manual_seed(recipe.seed)

    # ------------------------------------------------------------------ what callbacks ask for

    @property
    def folder(self) -> Path:
        """The run's folder, which may hold files of callbacks."""
        return self.dir.path

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All that has weights, by name; the one that makes pictures first."""
        return self.assembly.networks

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
            cast = Cast(*playing(assembly, self.runner.wired), self.precision)
        return Translator(self.runner.wired, cast, self.assembly.method)

    def batch(self) -> Mapping[str, Tensor]:
        """The maps of the latest samples that were learned from, on their device: `B C H W`."""
        assert self._latest is not None, "no step was taken yet"
        return self.precision.receive(self._latest.maps)

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

    # ------------------------------------------------------------------ from phase to phase

    def enter(self, phase: str, *, resumed: bool = False) -> None:
        """Make a phase ready: who plays and learns, with which optimizer state and data."""
        engine = self.wired.phase(phase).recipe.engine
        self.precision = Precision.of(**engine.computing, kept=self._kept)
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
        self.enter(self.position.phase, resumed=True)
        restore_generators(drawn, self.precision.device)

    def end_at(self, steps: int | None) -> None:
        """Change after how many steps the run ends; None for the end of its phases."""
        if steps is not None and steps < self.position.step:
            raise UserError(f"--steps {steps}: {self.dir.path} is at step {self.position.step}")
        self.dir.end_at(steps)
        self.course.last_step = steps

    def go(self) -> None:
        """Play the phases from where the run stands to the end."""
        start = time.monotonic()
        self.reporter.say(f"{self.dir.path}: {self.precision}; seed {self.recipe.seed}")
        with stop_on_signals(self.reporter) as stop:
            self.hooks.on_run_start(run=self)
            self._play(stop)
            for name in self.course.later:
                if self.course.is_over:
                    break
                self.course.next_phase(name)
                self.enter(name)
                self._play(stop)
            self.hooks.on_run_end(run=self)
        took = time.monotonic() - start
        self.reporter.say(announce_end(self.folder, self.position.step, self.course.steps, took))

    def _play(self, stop: Stop) -> None:
        """The phase from where it stands to its end, or as far as the run goes."""
        at, steps = self.position, self.course.left
        if steps > 0:
            plan = self.course.plan
            self.reporter.say(
                announce_phase(at.phase, self.runner, plan, self.training, steps=steps)
            )
            self.hooks.on_phase_start(run=self)
            exact = self.runner.recipe.engine.deterministic
            # Closed at once whatever is raised: workers that still read would never let go.
            with (
                closing(self._feed(at.phase_step, at.phase_step + steps)) as feed,
                deterministic(exact),
            ):
                self._steps(feed, stop)
            self._save()
        if self.course.phase_is_over:
            self.hooks.on_phase_end(run=self)
        if stop.asked:
            said = f"stopped at step {self.position.step}; to go on"
            raise Interrupted(f"{said}: gan-zoo resume {self.dir.path}")

    # ------------------------------------------------------------------ from step to step

    def _steps(self, feed: Iterator[list[Batch]], stop: Stop) -> None:
        engine, plan = self.runner.recipe.engine, self.course.plan
        done, total = self.position.phase_step, self.position.phase_step + self.course.left
        recent: dict[str, float] = {}
        if total - done >= WORTH_TIMING:
            feed = self._estimated(feed, total - done)
        with self.reporter.progress(self.position.phase, done, total) as progress:
            for micro_batches in progress.waiting_for(feed):
                epoch = 1 + self.position.phase_step // plan.steps_a_pass
                self.runner.set_epoch(epoch)
                self._latest = micro_batches[-1]
                maps = [batch.maps for batch in micro_batches]
                terms = self.runner.step(maps, self.position.step).numbers()
                refuse_nonfinite(terms, micro_batches, self.position, self.dir)
                recent |= terms  # some are not made on every step
                self.course.step()
                progress.step(terms, epoch)
                last = self.position.phase_step == total
                if last or self.position.step % engine.log_every == 0:
                    told: dict[str, Any] = {"losses": recent, "rates": self.runner.rates()}
                    if skipped := self.runner.skipped():
                        told["skipped"] = skipped
                    self._log({**told, **progress.times()})
                    recent = {}
                epoch_ended = self.position.phase_step % plan.steps_a_pass == 0
                self.hooks.on_step_end(run=self, terms=terms, epoch_ended=epoch_ended)
                if epoch_ended:
                    self._validate(epoch)
                if stop.asked or last:
                    return  # the phase saves
                if self.position.step % engine.checkpoint_every == 0:
                    self._save()

    def _feed(self, start: int, stop: int) -> Generator[list[Batch], None, None]:
        """Each step's batches; a file that cannot be read costs no step before it."""
        data, plan = self.runner.recipe.data, self.course.plan
        feed = read_batches(
            self.training,
            plan,
            start=start,
            stop=stop,
            workers=data.workers,
            pin=self.precision.device.type == "cuda",
            maps=data.maps(self.runner.phase.size),
        )
        try:
            yield from group_by_step(feed, plan, start, stop)
        except DataError:
            self._save()
            raise

    def _estimated(self, feed: Iterator[list[Batch]], steps: int) -> Iterator[list[Batch]]:
        """Say how long the steps will take, by the first batch."""
        first = next(feed)
        seconds = self.runner.seconds_a_step([batch.maps for batch in first])
        self.reporter.say(announce_duration(steps, seconds))
        return chain([first], feed)

    def _log(self, entry: dict[str, Any]) -> None:
        at = self.position
        self.dir.note({"step": at.step, "phase": at.phase, "epoch": self.epoch, **entry})

    def _validate(self, epoch: int) -> None:
        wanted = self.recipe.validation
        if wanted is None or epoch % wanted.every:
            return
        scores = score(self.pictures(), self.dataset(wanted.split), wanted.metrics)
        self._log({"validation": scores})
        told = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        self.reporter.say(f"  epoch {epoch}: {wanted.split} {told}")
        if wanted.best is None:
            return
        value, best = scores[wanted.best], self.position.best
        lower = wanted.metrics[wanted.best].lower_is_better
        if math.isfinite(value) and (best is None or (value < best if lower else value > best)):
            self.position.best = value
            self._keeper.keep_best(self.position, self._asked(), wanted.best, value)

    def _save(self) -> None:
        memory, device = self.runner.remember(), self.precision.device
        path = self._keeper.save(self.position, memory, device)
        self.hooks.on_checkpoint(run=self, path=path)
