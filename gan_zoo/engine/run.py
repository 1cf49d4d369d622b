"""A run: a recipe taken through its phases, in a folder from which it can always go on."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from gan_zoo.assembly import assemble
from gan_zoo.engine import checkpoint
from gan_zoo.engine.callbacks import callbacks
from gan_zoo.engine.checkpoint import Position
from gan_zoo.engine.loader import Batch, Plan, batches
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.progress import Voice
from gan_zoo.engine.rundir import RunDir, free_name, write
from gan_zoo.engine.stage import Memory, Stage, restore_rng, rng_state
from gan_zoo.evaluate import score
from gan_zoo.protocols import Dataset
from gan_zoo.recipe.model import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.translate import Translator


class NonFinite(Exception):
    """A loss is not a number any more; says which, on which files, and what was saved."""


class Interrupted(Exception):
    """The user stopped the run; it is saved."""


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
        recipe: What to train; `check` it before.
        out: The run's folder; runs/NAME-N if absent.
        name: The recipe's name.
        source: Where the recipe's values came from, for origins.txt.
        steps: Stop after so many steps in all.
        voice: Where progress is told.

    Raises:
        UserError: the folder exists, or the data is not what the recipe says.
        NonFinite: a loss is not a number any more.
    """
    path = Path(out) if out else free_name(Path("runs"), name)
    recipe = recipe.model_copy(update={"data": recipe.data.anchored()})
    run = Run(recipe, RunDir.create(path, recipe, source, steps), voice or Voice())
    run.go()
    return run.dir


def resume(path: str | Path, *, voice: Voice | None = None) -> RunDir:
    """Go on with a run from its last checkpoint, to the same numbers.

    Raises:
        UserError: it is no run.
    """
    folder = RunDir.open(path)
    run = Run(folder.recipe(), folder, voice or Voice())
    run.restore()
    run.go()
    return folder


class Run:
    """The state of a run and its loop. Callbacks see this object.

    Args:
        recipe: The resolved recipe.
        dir: The run's folder.
        voice: Where progress is told.
    """

    def __init__(self, recipe: Recipe, dir: RunDir, voice: Voice) -> None:
        self.recipe = recipe
        self.dir = dir
        self.voice = voice
        voice.log_to(dir.path / "log.txt")
        self.precision = Precision.of(recipe.engine)
        self.assembly = assemble(recipe)
        self.position = Position(next(iter(recipe.phases)))
        self.memory: Memory = {}
        self.last_step = dir.settings()["steps"]
        self.hooks = callbacks(recipe).hook
        self.stage = Stage(self.assembly, self.position.phase, self.precision, self.memory)
        self._resumed = False
        self._stopped = False
        torch.manual_seed(recipe.seed)

    # ------------------------------------------------------------------ what callbacks ask for

    def dataset(self, split: str) -> Dataset:
        """The samples of a split, at the phase's size."""
        return self.stage.recipe.data.open(split, self.stage.phase.size)

    @cached_property
    def training(self) -> Dataset:
        """The samples that are learned; opened anew in every phase."""
        return self.dataset("train")

    def translator(self) -> Translator:
        """The networks as they are now, behind the one door that makes pictures."""
        return Translator(self.stage.recipe, self.stage.cast, self.assembly.method)

    @property
    def plan(self) -> Plan:
        """Which samples each step of the phase sees."""
        recipe = self.stage.recipe
        return Plan(len(self.training), recipe.data.batch, recipe.seed, self.position.passes)

    @property
    def phase_steps(self) -> int:
        """Length of the phase in steps."""
        phase = self.stage.phase
        return phase.steps or (phase.epochs or 0) * self.plan.steps_a_pass

    @property
    def epoch(self) -> int:
        """Passes over the data in this phase, the one begun included; from 1."""
        return 1 + max(self.position.phase_step - 1, 0) // self.plan.steps_a_pass

    # ------------------------------------------------------------------ the loop

    def go(self) -> None:
        """Play the phases from where the run stands to the end."""
        start = time.monotonic()
        self.voice.say(f"{'Resuming' if self._resumed else 'Starting'} {self.dir.path}")
        self.voice.say(f"{self.precision}; seed {self.recipe.seed}")
        with self._stoppable():
            self.hooks.on_run_start(run=self)
            names = list(self.recipe.phases)
            for name in names[names.index(self.position.phase) :]:
                self._play(name)
                if self._done:
                    break
            self.hooks.on_run_end(run=self)
        self.voice.say(f"Done after {self.position.step} steps, {_time(time.monotonic() - start)}")

    def _play(self, name: str) -> None:
        fresh = name != self.position.phase
        if fresh:
            passed = -(-self.position.phase_step // self.plan.steps_a_pass)
            self.position.phase, self.position.phase_step = name, 0
            self.position.passes += passed
            self.stage = Stage(self.assembly, name, self.precision, self.memory)
            self.__dict__.pop("training", None)
        self.stage.begin(resumed=self._resumed and not fresh)
        self.voice.say(self._announcement(name))
        self.hooks.on_phase_start(run=self)
        stop = self.phase_steps
        if self.last_step is not None:
            stop = min(stop, self.position.phase_step + self.last_step - self.position.step)
        self._steps(stop)
        if self.position.phase_step == self.phase_steps:
            self.hooks.on_phase_end(run=self)
        self._save()

    def _steps(self, stop: int) -> None:
        engine, plan = self.stage.recipe.engine, self.plan
        feed = batches(
            self.training,
            plan,
            start=self.position.phase_step,
            stop=stop,
            workers=self.stage.recipe.data.workers,
            pin=self.precision.device.type == "cuda",
        )
        with self.voice.progress(self.position.phase, self.position.phase_step, stop) as progress:
            for batch in progress.waiting_for(feed):
                epoch = 1 + self.position.phase_step // plan.steps_a_pass
                self.stage.set_epoch(epoch)
                terms = self.stage.step([batch.maps]).numbers()
                self._refuse_nonfinite(terms, batch)
                self.position.phase_step += 1
                self.position.step += 1
                ended = self.position.phase_step % plan.steps_a_pass == 0
                if self.position.step % engine.log_every == 0:
                    self._log({"losses": terms, "rates": self._rates(), **progress.times()})
                progress.step(terms, epoch)
                if ended:
                    self._validate(epoch)
                self.hooks.on_step_end(run=self, terms=terms, epoch_ended=ended)
                if self._stopped:
                    self._save()
                    raise Interrupted(
                        f"stopped at step {self.position.step}; to go on: "
                        f"gan-zoo resume {self.dir.path}"
                    )
                if self.position.step % engine.checkpoint_every == 0:
                    self._save()

    @property
    def _done(self) -> bool:
        return self.last_step is not None and self.position.step >= self.last_step

    def _announcement(self, name: str) -> str:
        phase, plan = self.stage.phase, self.plan
        left = self.phase_steps - self.position.phase_step
        size = f" at {phase.size[0]}x{phase.size[1]}" if phase.size else ""
        learns = {
            p.name: sum(x.numel() for x in p.learns.values()) for p in self.stage.players.values()
        }
        moving = ", ".join(f"{player} {count:,}" for player, count in learns.items())
        return (
            f"Phase {name}: {left} steps{size}, {plan.steps_a_pass} a pass over "
            f"{plan.samples} samples in batches of {plan.batch}; learning parameters: {moving}\n"
            f"  {self.training.describe()}"
        )

    def _rates(self) -> dict[str, float]:
        return {
            player.name: player.optimizer.param_groups[0]["lr"]
            for player in self.stage.players.values()
            if player.optimizer is not None
        }

    def _log(self, entry: Mapping[str, Any]) -> None:
        where = {
            "step": self.position.step,
            "phase": self.position.phase,
            "epoch": self.epoch,
        }
        with self.dir.log.open("a") as file:
            file.write(json.dumps({**where, **entry}) + "\n")

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
        value = scores[wanted.best]
        lower = wanted.metrics[wanted.best].lower_is_better
        best = self.position.best
        if math.isfinite(value) and (best is None or (value < best if lower else value > best)):
            self.position.best = value
            about = {**self._about(), wanted.best: value}
            self.dir.save_weights("best", self._weights(), about)

    # ------------------------------------------------------------------ keeping

    def _weights(self) -> dict[str, dict[str, Tensor]]:
        return {
            name: {key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}
            for name, module in self.assembly.networks.items()
            for state in [module.state_dict()]
        }

    def _about(self) -> dict[str, Any]:
        return {"phase": self.position.phase, "step": self.position.step}

    def _save(self) -> None:
        weights = self._weights()
        for network, tensors in weights.items():
            for key, tensor in tensors.items():
                if tensor.is_floating_point() and not tensor.isfinite().all():
                    raise NonFinite(f"{network}.{key} is not finite; no checkpoint was written")
        self.position.log_bytes = self.dir.log.stat().st_size if self.dir.log.exists() else 0
        tensors = {
            "networks": weights,
            "optimizers": self.stage.remember(),
            "generators": rng_state(self.precision.device),
        }
        path = checkpoint.save(self.dir.state, self.position, tensors)
        self.dir.save_weights("latest", weights, self._about())
        self.hooks.on_checkpoint(run=self, path=path)

    def restore(self) -> None:
        """Go back to the last whole checkpoint; without one, to the first step."""
        self._resumed = True
        for path in checkpoint.saved(self.dir.state):
            try:
                position, tensors = checkpoint.load(path)
            except ValueError as problem:
                self.voice.say(f"{path} is damaged ({problem}); taking the one before it")
                continue
            self._take(position, tensors)
            return
        self.voice.say("There is no whole checkpoint: the run starts anew from its seed")
        if self.dir.log.exists():
            write(self.dir.log, b"")

    def _take(self, position: Position, tensors: Mapping[str, Any]) -> None:
        for name, state in tensors["networks"].items():
            self.assembly.networks[name].load_state_dict(state)
        self.position = position
        self.memory.update(tensors.get("optimizers", {}))
        self.stage = Stage(self.assembly, position.phase, self.precision, self.memory)
        restore_rng(tensors["generators"], self.precision.device)
        if self.dir.log.exists():
            write(self.dir.log, self.dir.log.read_bytes()[: position.log_bytes])

    # ------------------------------------------------------------------ guards

    def _refuse_nonfinite(self, terms: Mapping[str, float], batch: Batch) -> None:
        bad = [label for label, value in terms.items() if not math.isfinite(value)]
        if not bad:
            return
        evidence = self.dir.path / "nonfinite.yaml"
        found = {
            "step": self.position.step + 1,
            "phase": self.position.phase,
            "losses": {label: str(value) for label, value in terms.items()},
            "files": batch.files,
        }
        write(evidence, yaml.safe_dump(found, sort_keys=False))
        raise NonFinite(
            f"{', '.join(bad)} became {terms[bad[0]]} at step {found['step']}, on "
            f"{', '.join(batch.files)}. The last good checkpoint stays; details in {evidence}. "
            "A lower learning rate or engine.precision: float32 often cures it"
        )

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """The first Ctrl-C or SIGTERM ends the step, saves and stops; a second one stops at once."""

        def stop(number: int, frame: object) -> None:
            if self._stopped:
                raise KeyboardInterrupt
            self._stopped = True
            self.voice.say("Stopping after this step; again to stop at once")

        try:
            before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # not the main thread: the caller handles signals
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
