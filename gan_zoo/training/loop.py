"""A run: a recipe taken through its phases, in a folder from which it can always go on."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import cached_property
from itertools import chain
from typing import Any

from gan_zoo.components.measuring import MetricContext
from gan_zoo.engine.loader import Batch, group_by_step
from gan_zoo.engine.precision import deterministic
from gan_zoo.errors import DataError
from gan_zoo.evaluation.measurement import (
    build_metrics,
    describe_context,
    describe_scores,
    measure,
)
from gan_zoo.evaluation.score_files import drop_later, write_scores
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.model import Validation
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.reporter import StepProgress
from gan_zoo.runs import checkpoint
from gan_zoo.runs.environment import describe_memory
from gan_zoo.training.announcements import announce_duration, announce_end, announce_phase
from gan_zoo.training.comparison import note_unread
from gan_zoo.training.guards import Interrupted
from gan_zoo.training.preparing import prepare_steps
from gan_zoo.training.profiling import StepProfile
from gan_zoo.training.signals import Stopped
from gan_zoo.training.state import RunState
from gan_zoo.training.validation import is_best, is_due, watch

WORTH_TIMING = 10  # steps; what is shorter needs no estimate


class Run(RunState):
    """A run and its loop.

    Attributes:
        profile: What profiles some of its steps, if anything.
    """

    profile: StepProfile | None = None

    # ------------------------------------------------------------------ from phase to phase

    def go(self) -> None:
        """Play the phases from where the run stands to the end."""
        start = time.monotonic()
        self.reporter.say(f"{self.dir.path}: {self.precision}; seed {self.recipe.seed}")
        try:
            with self._stop.heard():
                self._phases()
        except Stopped as stopped:
            self._stop.leave()
            self._settle(wait=True)  # a disk that is full is told in its place
            at = checkpoint.last_step(self.dir.state)
            broken = ", in the middle of a later one" * stopped.torn
            told = f"stopped at step {at}{broken}; to go on: gan-zoo resume {self.dir.path}"
            raise Interrupted(told, self.folder, self._stop.signal) from None
        except BaseException:
            self._let_write()
            raise
        took = time.monotonic() - start
        asked = self.recipe.inference.weights
        missing = "" if (self.folder / "weights" / asked).is_dir() else asked
        at, steps = self.position.step, self.course.steps
        self.reporter.say(announce_end(self.folder, at, steps, took, missing))

    def _let_write(self) -> None:
        """Whatever ends the run, what is being written becomes whole, or it is said why not."""
        try:
            self._keeper.written(wait=True)
        except Exception as problem:
            self.reporter.say(f"The checkpoint that was being written is lost: {problem}")

    def _phases(self) -> None:
        self._prepare_scores()
        self.hooks.on_run_start(run=self)
        if self._saved is not None:
            self._keeper.rewrite_kept(self._saved)
        self._play()
        for name in self.course.later:
            if self.course.is_over:
                break
            self.course.next_phase(name)
            self.enter(name)
            self._play()
        with self._looking():
            self.hooks.on_run_end(run=self)

    def _play(self) -> None:
        """The phase from where it stands to its end, or as far as the run goes."""
        at, steps = self.position, self.course.left
        if steps > 0:
            plan = self.course.plan
            self.reporter.say(
                announce_phase(at.phase, self.runner, plan, self.training, steps=steps)
            )
            with self._stop.at_once():  # it may read what hangs
                self.hooks.on_phase_start(run=self)
        try:
            if not at.looked:
                self._look()
            if self.course.left > 0:
                self._all_steps(at.phase_step, at.phase_step + self.course.left)
        except Stopped as stopped:
            self._stop.leave()
            if not stopped.torn:
                self.save()
            raise
        if steps > 0:
            self._save()
            self._settle(wait=True)
        if self.course.phase_is_over:
            with self._looking():
                self.hooks.on_phase_end(run=self)

    def _all_steps(self, start: int, stop: int) -> None:
        exact = self.runner.recipe.engine.deterministic
        # Closed at once whatever is raised: workers that still read would never let go.
        profiled = self.profile or nullcontext()
        with closing(self._feed(start, stop)) as feed, deterministic(exact), profiled:
            self._steps(feed)

    # ------------------------------------------------------------------ from step to step

    def _steps(self, feed: Iterator[list[Batch]]) -> None:
        engine, plan = self.runner.recipe.engine, self.course.plan
        done, total = self.position.phase_step, self.position.phase_step + self.course.left
        feed = self._stop.between(feed)
        if not self.precision.is_plain:
            feed = self._prepared(feed)
        if total - done >= WORTH_TIMING:
            feed = self._estimated(feed, total - done)
        profiled = self.profile.steps if self.profile is not None else iter
        with self.reporter.progress(self.position.phase, done, total) as progress:
            for micro_batches in profiled(progress.waiting_for(feed)):
                epoch = 1 + self.position.phase_step // plan.steps_a_pass
                self.runner.set_epoch(epoch)
                self._latest = micro_batches[-1]
                maps = [batch.maps for batch in micro_batches]
                ledger = self.runner.step(maps, self.position.step)
                self._unread.add(ledger, micro_batches, self.position)
                self.course.step()
                epoch_ended = self.position.phase_step % plan.steps_a_pass == 0
                ends = epoch_ended or self.course.phase_is_over
                self.position.looked = not (ends or self._look_is_wanted())
                last = self.position.phase_step == total
                due = last or self.position.step % engine.log_every == 0
                told = due or self._asks_at_once or not self.position.looked
                progress.step(self.read_losses(but=0 if told else engine.read_late), epoch)
                if due:
                    self._log_losses(progress, last=last)
                with self._costing_no_step():
                    self._unread.tell()
                    terms = ledger.numbers() if self._asks_at_once else {}
                    self.hooks.on_step_end(run=self, terms=terms, epoch_ended=epoch_ended)
                if not self.position.looked:
                    self._look()
                    if self.course.phase_is_over and not last:  # it ended early
                        last = True
                        self._log_losses(progress, last=True)
                if self.position.step % engine.checkpoint_every == 0 and not last:
                    self._save()
                self._settle(wait=False)
                if last:
                    return  # the phase saves

    def _feed(self, start: int, stop: int) -> Generator[list[Batch], None, None]:
        """Each step's batches; a file that cannot be read costs no step before it."""
        feed = self._read(start, stop, workers=self.runner.recipe.data.workers)
        try:
            yield from group_by_step(feed, self.course.plan, start, stop)
        except DataError as problem:
            self.save()
            if problem.sample is not None:
                note_unread(self.dir, self.position.phase, problem.sample)
            run = self.dir.path
            raise DataError(
                f"{problem}\nStep {self.position.step} is saved; once the file is mended, or "
                f"{run / 'recipe.yaml'} takes it, gan-zoo resume {run} goes on (where it was taken "
                "out, with --changed-data). gan-zoo check reads all files"
            ) from problem

    def _prepared(self, feed: Iterator[list[Batch]]) -> Iterator[list[Batch]]:
        """Settle how the steps are computed, by the first batch; nothing has moved meanwhile."""
        first = next(feed)
        with self._stop.at_once():  # compiling takes minutes
            prepare_steps(self, [batch.maps for batch in first])
        return chain([first], feed)

    def _estimated(self, feed: Iterator[list[Batch]], steps: int) -> Iterator[list[Batch]]:
        """Say how long the steps will take, by the first batch."""
        first = next(feed)
        seconds = self.runner.seconds_a_step([batch.maps for batch in first])
        recorded = self.runner.recorded is not None
        self.reporter.say(announce_duration(steps, seconds, recorded=recorded))
        return chain([first], feed)

    def _look(self) -> None:
        """Preview and score the pictures of a step that ends an epoch or the phase. Resume does so
        again where a checkpoint is all that there is of it.
        """
        at, epoch, wanted = self.position, self.epoch, self.recipe.validation
        if self.profile is not None:
            self.profile.pause()
        epoch_ended = at.phase_step % self.course.plan.steps_a_pass == 0
        self._moment = self._keeper.moment(self.precision.device)
        with self._looking():
            self.hooks.on_look(run=self)
            if epoch_ended:
                self.hooks.on_epoch_end(run=self)
            ends = {"epoch_ended": epoch_ended, "phase_ended": self.course.phase_is_over}
            if wanted is not None and is_due(wanted, epoch, **ends):
                self.save()
                self._validate(wanted, epoch)
        at.looked, self._moment = True, None

    @cached_property
    def _asks_at_once(self) -> bool:
        """Whether a callback takes the losses of a step when the step ends."""
        heard = self.hooks.on_step_end.get_hookimpls()
        return any("terms" in callback.argnames for callback in heard)

    def _look_is_wanted(self) -> bool:
        """Whether a callback looks at pictures now, at a time of its own."""
        wanting = (
            getattr(callback, "wants_look", None) for callback in self._listening.get_plugins()
        )
        return any(wants(self) for wants in wanting if wants is not None)

    def _log_losses(self, progress: StepProgress, *, last: bool) -> None:
        """One line of what was learned from lately, with what it took; the last one of a phase says
        the memory, too.
        """
        told: dict[str, Any] = {"losses": self.position.recent, "rates": self.runner.rates()}
        if last:
            told["memory"] = describe_memory(str(self.precision.device))
        if skipped := self.runner.skipped():
            told["skipped"] = skipped
        self.log({**told, **progress.times()})
        self.position.recent = {}

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Pictures are looked at in here: a signal breaks it off, and a fault costs no step.

        Raises:
            UserError: a picture is at fault; names it, and says what is saved.
        """
        with self._costing_no_step(), self._stop.at_once():
            yield

    def _validate(self, wanted: Validation, epoch: int) -> None:
        pictures, at, split = self.pictures(), self.position, wanted.split
        dataset, context = self.dataset(split), self._context(self.runner.wired, split, pictures)
        found = measure(pictures, dataset, wanted.metrics, context)
        weights = self.recipe.inference.weights if self._asked() else "latest"
        kept = describe_scores(found, pictures, dataset, split=split, step=at.step, weights=weights)
        scores, path = kept.scores, write_scores(self.folder, kept)
        self.log({"validation": scores})
        told = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        how = f" ({kept.styles})" if kept.styles else ""
        self.reporter.say(f"  epoch {epoch}: {split} {told}{how}")
        best = wanted.best
        if best is not None and is_best(wanted, best, scores[best], at.best):
            at.best = scores[best]
            self._keeper.keep_best(at, self._asked(), best, scores[best])
        over = self.course.phase_is_over
        if (ended := watch(wanted, scores, at)) and not over:
            self.reporter.say(f"  {ended}")
        self.hooks.on_scores(run=self, scores=scores, path=path)

    def _prepare_scores(self) -> None:
        """Let metrics make what takes long before the first step, for every phase that is left."""
        drop_later(self.folder, self.position.step)
        wanted = self.recipe.validation
        if wanted is None:
            return
        sizes: list[Any] = []
        for name in (self.position.phase, *self.course.later):
            phase = self.wired.phase(name)
            if (about := (phase.recipe.data, phase.phase.size)) not in sizes:
                sizes.append(about)
                with self._stop.at_once():
                    build_metrics(wanted.metrics, self._context(phase, wanted.split, None))

    def _context(self, phase: WiredPhase, split: str, pictures: Translator | None) -> MetricContext:
        """What metrics may know of a phase."""
        device, say = str(self.precision.device), self.reporter.say
        return describe_context(phase, pictures, device, say, split=split)
