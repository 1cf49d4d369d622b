"""A run: a recipe taken through its phases, in a folder from which it can always go on."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from gan_zoo.assembly import assemble
from gan_zoo.check import ready
from gan_zoo.engine import checkpoint, record
from gan_zoo.engine.callbacks import callbacks
from gan_zoo.engine.checkpoint import Position
from gan_zoo.engine.guards import Interrupted, NonFinite, Stop, refuse_nonfinite, stoppable
from gan_zoo.engine.keeping import Keeper
from gan_zoo.engine.loader import Batch, Plan, batches, by_step
from gan_zoo.engine.precision import Precision, repeatable, set_generators
from gan_zoo.engine.progress import Voice, duration
from gan_zoo.engine.rundir import RunDir, free_name, refuse_existing
from gan_zoo.engine.scene import Cast
from gan_zoo.engine.stage import Memory, Stage, playing
from gan_zoo.errors import DataError, UserError
from gan_zoo.evaluate import score
from gan_zoo.protocols import Dataset
from gan_zoo.recipe.model import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.translate import Translator

__all__ = ["Interrupted", "NonFinite", "Run", "resume", "train"]

WORTH_TIMING = 10  # steps; what is shorter needs no estimate


def train(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    name: str = "run",
    source: Source | None = None,
    steps: int | None = None,
    voice: Voice | None = None,
) -> RunDir:
    """Train a recipe from its first step.

    Args:
        recipe: What to train; refused where it is not ready.
        out: The run's folder; runs/NAME-N if absent.
        name: The recipe's name.
        source: Where the recipe's values came from, for origins.txt.
        steps: Stop after so many steps in all.
        voice: Where progress is told.

    Raises:
        UserError: the folder exists or cannot be written, the recipe breaks a contract, or the
            data is not what it says.
        NonFinite: a loss is not a number any more.
        Interrupted: the user stopped it; it is saved.
        OSError: the disk is full or gone; every earlier checkpoint is intact.
    """
    path = Path(out) if out else free_name(Path("runs"), name)
    refuse_existing(path)
    ready(recipe, source)
    recipe = recipe.anchored()
    precision = Precision.of(recipe.engine)
    # Data and networks come first: a run that cannot start leaves no folder behind.
    run = Run(recipe, RunDir(path), precision, voice or Voice(), last_step=steps)
    run.enter(run.position.phase)
    RunDir.create(path, recipe, source, steps, precision.described())
    for note in source.notes if source else ():
        run.voice.say(note)
    with run.dir.claimed():
        run.go()
    return run.dir


def resume(
    path: str | Path, *, steps: int | Literal["all"] | None = None, voice: Voice | None = None
) -> RunDir:
    """Go on with a run from its last checkpoint, to the same numbers.

    Args:
        path: The run's folder.
        steps: Change after how many steps in all it ends; "all" for the end of its phases.
        voice: Where progress is told.

    Raises:
        UserError: it is no run, its data has gone, another process trains it, or it is past the
            steps.
        NonFinite, Interrupted, OSError: as `train`.
    """
    folder = RunDir.open(path)
    recipe, settings = folder.recipe(), folder.settings()
    before = settings["environment"]
    precision = Precision.of(recipe.engine, kept=before.get("computing", {}))
    run = Run(recipe, folder, precision, voice or Voice(), last_step=settings["steps"])
    with folder.claimed():
        run.voice.say(f"Resuming {folder.path}")
        if changed := record.changes(before, record.environment(precision.described())):
            told = "; ".join(changed)
            run.voice.say(f"Since the start changed: {told}. The last digits may differ for it")
        run.restore()
        if steps is not None:
            run.end_at(None if steps == "all" else steps)
        run.go()
    return folder


class Run:
    """The state of a run and its loop. Callbacks see this object.

    Args:
        recipe: The resolved recipe.
        dir: The run's folder; need not exist before `go`.
        precision: In which numbers, on which device.
        voice: Where progress is told.
        last_step: The run ends there, if not before.
    """

    def __init__(
        self,
        recipe: Recipe,
        dir: RunDir,
        precision: Precision,
        voice: Voice,
        *,
        last_step: int | None = None,
    ) -> None:
        self.recipe = recipe
        self.dir = dir
        self.precision = precision
        self.voice = voice
        self._kept = precision.described()
        for phase in recipe.phases:  # a device that is not there is said before the first of them
            Precision.of(recipe.in_phase(phase).engine, kept=self._kept)
        self.last_step = last_step
        self.assembly = assemble(recipe, weights=not checkpoint.saved(dir.state))
        self.position = Position(next(iter(recipe.phases)))
        self.memory = Memory()
        listening = callbacks(recipe)
        self.hooks = listening.hook
        self.stage: Stage
        self.training: Dataset
        self._keeper = Keeper(dir, self.assembly, voice, dict(listening.list_name_plugin()))
        self._datasets: dict[str, Dataset] = {}
        voice.log_to(dir.text_log)
        torch.manual_seed(recipe.seed)

    # ------------------------------------------------------------------ what callbacks ask for

    def dataset(self, split: str) -> Dataset:
        """The samples of a split, at the phase's size."""
        if split not in self._datasets:
            self._datasets[split] = self.stage.recipe.data.open(split, self.stage.phase.size)
        return self._datasets[split]

    def translator(self) -> Translator:
        """The networks as they are now, behind the one door that makes pictures; averages of them
        where inference asks for those.
        """
        recipe, cast = self.stage.recipe, self.stage.cast
        if networks := self._asked():
            assembly = self.assembly.with_networks(networks)
            cast = Cast(*playing(assembly, recipe, self.stage.phase.play), self.precision)
        return Translator(recipe, cast, self.assembly.method)

    def _asked(self) -> Mapping[str, nn.Module]:
        """The networks that a callback keeps and inference asks for; none if those that learn."""
        return self._keeper.kept().get(self.recipe.inference.weights, {})

    @property
    def plan(self) -> Plan:
        """Which samples each step of the phase sees."""
        recipe = self.stage.recipe
        accumulate, passes = recipe.engine.accumulate, self.position.passes
        return Plan(len(self.training), recipe.data.batch, recipe.seed, passes, accumulate)

    @property
    def phase_steps(self) -> int:
        """Length of the phase in steps."""
        phase = self.stage.phase
        return phase.steps or (phase.epochs or 0) * self.plan.steps_a_pass

    @property
    def epoch(self) -> int:
        """Passes over the data in this phase, the one begun included; from 1."""
        return 1 + max(self.position.phase_step - 1, 0) // self.plan.steps_a_pass

    # ------------------------------------------------------------------ from phase to phase

    def enter(self, phase: str, *, resumed: bool = False) -> None:
        """Make a phase ready: who plays and learns, with which optimizer state and data."""
        engine = self.recipe.in_phase(phase).engine
        self.precision = Precision.of(engine, kept=self._kept)
        self.stage = Stage(self.assembly, phase, self.precision, self.memory)
        self.stage.begin(resumed=resumed)
        self._datasets = {}
        self.training = self.dataset("train")
        if self.recipe.validation is not None:
            self.dataset(self.recipe.validation.split)  # what is missing is said before a step

    def restore(self) -> None:
        """Go back to the last whole checkpoint; without one, to the first step."""
        restored = self._keeper.restore()
        if restored is None:
            self.enter(self.position.phase)
            return
        self.position, memory, drawn = restored
        self.memory = memory
        self.enter(self.position.phase, resumed=True)
        set_generators(drawn, self.precision.device)

    def end_at(self, steps: int | None) -> None:
        """Change after how many steps the run ends; None for the end of its phases."""
        if steps is not None and steps < self.position.step:
            raise UserError(f"--steps {steps}: {self.dir.path} is at step {self.position.step}")
        self.dir.end_at(steps)
        self.last_step = steps

    def go(self) -> None:
        """Play the phases from where the run stands to the end."""
        start = time.monotonic()
        self.voice.say(f"{self.dir.path}: {self.precision}; seed {self.recipe.seed}")
        with stoppable(self.voice) as stop:
            self.hooks.on_run_start(run=self)
            self._play(stop)
            for name in self._later:
                if self._ended:
                    break
                self._next(name)
                self._play(stop)
            self.hooks.on_run_end(run=self)
        self.voice.say(self._farewell(time.monotonic() - start))

    def _next(self, name: str) -> None:
        """From a finished phase to the next."""
        passed = -(-self.position.phase_step // self.plan.steps_a_pass)
        self.position.phase, self.position.phase_step = name, 0
        self.position.best = None  # another size, or another part that plays: not to be compared
        self.position.passes += passed
        self.enter(name)

    def _play(self, stop: Stop) -> None:
        """The phase from where it stands to its end, or as far as the run goes."""
        if self._left > 0:
            self.voice.say(self._announcement())
            self.hooks.on_phase_start(run=self)
            done, deterministic = self.position.phase_step, self.stage.recipe.engine.deterministic
            # Closed at once whatever is raised: workers that still read would never let go.
            with closing(self._feed(done, done + self._left)) as feed, repeatable(deterministic):
                self._steps(feed, stop)
            self._save()
        if self.position.phase_step == self.phase_steps:
            self.hooks.on_phase_end(run=self)
        if stop.asked:
            said = f"stopped at step {self.position.step}; to go on"
            raise Interrupted(f"{said}: gan-zoo resume {self.dir.path}")

    def _farewell(self, took: float) -> str:
        step, later = self.position.step, self._later
        if self.position.phase_step == self.phase_steps and not later:
            return f"Done after {step} steps, {duration(took)}"
        steps = step + self.phase_steps - self.position.phase_step + sum(map(self._length, later))
        cure = f"gan-zoo resume {self.dir.path} --steps all goes on"
        return f"Ended at --steps {step} of {steps}; {cure}"

    @property
    def _later(self) -> list[str]:
        """The phases after this one."""
        names = list(self.recipe.phases)
        return names[names.index(self.position.phase) + 1 :]

    def _length(self, phase: str) -> int:
        """Steps of a phase that is not entered yet."""
        wanted, recipe = self.recipe.phases[phase], self.recipe.in_phase(phase)
        if wanted.steps:
            return wanted.steps
        samples = len(recipe.data.open("train", wanted.size))
        plan = Plan(samples, recipe.data.batch, 0, 0, recipe.engine.accumulate)
        return (wanted.epochs or 0) * plan.steps_a_pass

    @property
    def _left(self) -> int:
        """Steps still to do in this phase."""
        left = self.phase_steps - self.position.phase_step
        return left if self.last_step is None else min(left, self.last_step - self.position.step)

    @property
    def _ended(self) -> bool:
        return self.last_step is not None and self.position.step >= self.last_step

    # ------------------------------------------------------------------ from step to step

    def _steps(self, feed: Iterator[list[Batch]], stop: Stop) -> None:
        engine, plan = self.stage.recipe.engine, self.plan
        done, total = self.position.phase_step, self.position.phase_step + self._left
        recent: dict[str, float] = {}
        if total - done >= WORTH_TIMING:
            feed = self._estimated(feed, total - done)
        with self.voice.progress(self.position.phase, done, total) as progress:
            for micro_batches in progress.waiting_for(feed):
                epoch = 1 + self.position.phase_step // plan.steps_a_pass
                self.stage.set_epoch(epoch)
                maps = [batch.maps for batch in micro_batches]
                terms = self.stage.step(maps, self.position.step).numbers()
                refuse_nonfinite(terms, micro_batches, self.position, self.dir)
                recent |= terms  # some are not made on every step
                self.position.phase_step += 1
                self.position.step += 1
                progress.step(terms, epoch)
                last = self.position.phase_step == total
                if last or self.position.step % engine.log_every == 0:
                    told: dict[str, Any] = {"losses": recent, "rates": self.stage.rates()}
                    if skipped := self.stage.skipped():
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
        data, plan = self.stage.recipe.data, self.plan
        feed = batches(
            self.training,
            plan,
            start=start,
            stop=stop,
            workers=data.workers,
            pin=self.precision.device.type == "cuda",
            maps=data.maps(self.stage.phase.size),
        )
        try:
            yield from by_step(feed, plan, start, stop)
        except DataError:
            self._save()
            raise

    def _estimated(self, feed: Iterator[list[Batch]], steps: int) -> Iterator[list[Batch]]:
        """Say how long the steps will take, by the first batch."""
        first = next(feed)
        seconds = self.stage.seconds_a_step([batch.maps for batch in first])
        self.voice.say(
            f"  about {duration(seconds * steps)}: {steps} steps of {1000 * seconds:.0f} ms, timed "
            "on the first batch without learning from it"
        )
        return chain([first], feed)

    def _announcement(self) -> str:
        phase, plan = self.stage.phase, self.plan
        times = f"{plan.accumulate} x " if plan.accumulate > 1 else ""
        size = f" at {phase.size[0]}x{phase.size[1]}" if phase.size else ""
        learns = {
            p.name: sum(x.numel() for x in p.learns.values()) for p in self.stage.players.values()
        }
        moving = ", ".join(f"{player} {count:,}" for player, count in learns.items())
        return (
            f"Phase {self.position.phase}: {self._left} steps{size}, {plan.steps_a_pass} a pass "
            f"over {plan.samples} samples in {times}batches of {plan.batch}; learning parameters: "
            f"{moving}\n  {self.training.describe()}"
        )

    def _log(self, entry: dict[str, Any]) -> None:
        at = self.position
        self.dir.note({"step": at.step, "phase": at.phase, "epoch": self.epoch, **entry})

    def _validate(self, epoch: int) -> None:
        wanted = self.recipe.validation
        if wanted is None or epoch % wanted.every:
            return
        scores = score(self.translator(), self.dataset(wanted.split), wanted.metrics)
        self._log({"validation": scores})
        told = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        self.voice.say(f"  epoch {epoch}: {wanted.split} {told}")
        if wanted.best is None:
            return
        value, best = scores[wanted.best], self.position.best
        lower = wanted.metrics[wanted.best].lower_is_better
        if math.isfinite(value) and (best is None or (value < best if lower else value > best)):
            self.position.best = value
            self._keeper.keep_best(self.position, self._asked(), wanted.best, value)

    def _save(self) -> None:
        memory, device = self.stage.remember(), self.precision.device
        path = self._keeper.save(self.position, memory, device)
        self.hooks.on_checkpoint(run=self, path=path)
