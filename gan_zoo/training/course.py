"""The course of a run: how far it is, and how far it goes."""

from __future__ import annotations

from gan_zoo.engine.loader import Plan
from gan_zoo.recipe.wired import WiredPhase, WiredRecipe
from gan_zoo.runs.checkpoint import Position


class Course:
    """Counts steps, passes and phases.

    Args:
        wired: The recipe.
        last_step: The run ends there, if not before.

    Attributes:
        position: How far the run is.
        samples: Of the phase's training data.
    """

    def __init__(self, wired: WiredRecipe, *, last_step: int | None = None) -> None:
        self.wired = wired
        self.last_step = last_step
        self.position = Position(next(iter(wired.recipe.phases)))
        self.samples = 0

    @property
    def here(self) -> WiredPhase:
        """The recipe in the phase that is played."""
        return self.wired.phase(self.position.phase)

    @property
    def plan(self) -> Plan:
        """Which samples each step of the phase sees."""
        return Plan.of(self.here.recipe, self.samples, self.position.passes)

    @property
    def phase_steps(self) -> int:
        """Length of the phase in steps, as far as it goes."""
        if self.position.ended_early:
            return self.position.phase_step
        phase = self.here.phase
        return phase.steps or (phase.epochs or 0) * self.plan.steps_a_pass

    @property
    def epoch(self) -> int:
        """Passes over the data in this phase, the one begun included; from 1."""
        return 1 + max(self.position.phase_step - 1, 0) // self.plan.steps_a_pass

    @property
    def left(self) -> int:
        """Steps still to do in this phase."""
        left = max(0, self.phase_steps - self.position.phase_step)
        return left if self.last_step is None else min(left, self.last_step - self.position.step)

    @property
    def phase_is_over(self) -> bool:
        """Whether the last step of the phase was taken."""
        return self.position.phase_step >= self.phase_steps

    @property
    def is_over(self) -> bool:
        """Whether the asked number of steps is reached."""
        return self.last_step is not None and self.position.step >= self.last_step

    @property
    def later(self) -> list[str]:
        """The phases after this one."""
        names = list(self.wired.recipe.phases)
        return names[names.index(self.position.phase) + 1 :]

    @property
    def steps(self) -> int:
        """Steps of the whole run, where nobody asks it to end before."""
        done = self.position.step - self.position.phase_step
        return done + self.phase_steps + sum(map(self._length, self.later))

    def step(self) -> None:
        """One more step is done."""
        self.position.phase_step += 1
        self.position.step += 1

    def next_phase(self, name: str) -> None:
        """From a finished phase to the next."""
        passed = -(-self.position.phase_step // self.plan.steps_a_pass)
        self.position.phase, self.position.phase_step = name, 0
        # another size, or another part that plays: not to be compared
        self.position.best = self.position.watched = None
        self.position.waited, self.position.ended_early = 0, False
        self.position.passes += passed

    def _length(self, name: str) -> int:
        """Steps of a phase that is not entered yet."""
        recipe, phase = self.wired.phase(name).recipe, self.wired.phase(name).phase
        if phase.steps:
            return phase.steps
        samples = len(recipe.data.open("train", phase.size))
        plan = Plan(samples, recipe.data.batch, 0, 0, recipe.engine.accumulate)
        return (phase.epochs or 0) * plan.steps_a_pass
