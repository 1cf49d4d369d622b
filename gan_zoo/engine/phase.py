"""A phase made ready: who plays, who learns, at which rate, and one step of it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from gan_zoo.components.interfaces import Ear, LossFunction, Method
from gan_zoo.engine.assembly import Assembly, seeded_by_name
from gan_zoo.engine.compiling import (
    compiler_settings,
    eagerly,
    release,
    telling_compiler_errors,
)
from gan_zoo.engine.enlisting import enlist
from gan_zoo.engine.host_work import refusing_host_work
from gan_zoo.engine.late_numbers import Outbox
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.listening import Listener
from gan_zoo.engine.norm_errors import single_values
from gan_zoo.engine.player import (
    Player,
    optimizer_state,
    restore_optimizer,
    restore_scaler,
    scaler_state,
)
from gan_zoo.engine.playing import cast_of
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.received import Received
from gan_zoo.engine.recompute import recompute
from gan_zoo.engine.step_graph import StepGraphs
from gan_zoo.engine.turns import Turn
from gan_zoo.engine.undoing import undone

LONG_STEP = 2.0  # seconds; such a step is timed without a first one to warm up


@dataclass
class Memory:
    """What players remember from step to step and from phase to phase.

    Args:
        optimizers: Player -> parameter -> optimizer state, of all that ever learned.
        scalers: Player -> the numbers of its loss scaler.
        reached: Player -> its parameters that got a gradient in the phase so far, each with True.
    """

    optimizers: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    scalers: dict[str, dict[str, Any]] = field(default_factory=dict)
    reached: dict[str, dict[str, bool]] = field(default_factory=dict)


class PhaseRunner:
    """A phase made ready, and steps of it.

    Args:
        assembly: What was built; its networks are placed and stay the same objects.
        phase: The name of the phase.
        precision: In which numbers, on which device.
        memory: What players remember so far; kept up to date.
    """

    def __init__(
        self, assembly: Assembly, phase: str, precision: Precision, memory: Memory | None = None
    ) -> None:
        self.assembly = assembly
        self.wired = assembly.wired.phase(phase)
        self.recipe, self.phase = self.wired.recipe, self.wired.phase
        self.precision = precision
        self.method = assembly.method
        self.memory = memory or Memory()
        self.losses = self._losses(assembly)
        self._needs = {  # player -> loss -> what it asks a scene for
            player: {n: loss.needs().get(player, none) for n, loss in self.recipe.losses.items()}
            for player, none in dict.fromkeys(assembly.wiring.players, frozenset[str]()).items()
        }
        built = (*assembly.networks.values(), *assembly.conditions.values(), *self.losses.values())
        self._modules = [m for m in dict.fromkeys(built) if isinstance(m, nn.Module)]
        release(self._modules)
        for module in self._modules:
            precision.place(module)
        asked = {*self.recipe.engine.recompute}  # networks, or sections of several
        parts = {name: {name, name.partition(".")[0]} for name in assembly.networks}
        self.recomputed = {name for name, said in parts.items() if asked & said}
        for name, module in assembly.networks.items():
            recompute(module, on=name in self.recomputed)
        self.cast = cast_of(assembly, self.wired, precision)
        enlisted = enlist(assembly, self.wired, self.cast.networks, precision)
        self.players, self.resting_norms = enlisted.players, enlisted.resting_norms
        self.compiled = False  # whether a network is; `settle` makes it so
        self.recorded: StepGraphs | None = None  # `settle` makes one where steps are to be
        self._outbox = Outbox(precision.device)
        self._ended: Tensor | None = None  # whether something was no number: then nobody moves

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks of the run by name, whole, whatever of them plays in this phase."""
        return self.assembly.networks

    def begin(self, *, resumed: bool = False) -> None:
        """Give the players their state: carried over from earlier phases, or fresh."""
        memory = self.memory
        for name, player in self.players.items():
            if self.phase.start.get(name) == "fresh" and not resumed:
                memory.optimizers.pop(name, None)
                memory.scalers.pop(name, None)
            restore_optimizer(player, memory.optimizers.get(name, {}))
            restore_scaler(player, memory.scalers.get(name, {}))
            player.reached = set(memory.reached.get(name, ())) if resumed else set()
        self.remember()

    def set_epoch(self, epoch: int) -> None:
        """Set the learning rates: a pure function of the epoch, from 1 within the phase."""
        factor = self.phase.schedule.factor(epoch) if self.phase.schedule else 1.0
        for player in self.players.values():
            player.set_rate(factor)

    def rates(self) -> dict[str, float]:
        """Player -> the learning rate it steps with now."""
        found = {player.name: player.rate for player in self.players.values()}
        return {name: rate for name, rate in found.items() if rate is not None}

    def skipped(self) -> dict[str, int]:
        """Player -> the steps that it did not take, where losses are scaled."""
        return {player.name: player.skipped for player in self.players.values() if player.scaler}

    def step(self, batches: Sequence[Mapping[str, Tensor]], number: int = 0) -> Ledger:
        """One training step on micro-batches of named maps; returns the terms by label, on their
        way from the device. After a step that came to something that is no number nobody moves.

        Args:
            batches: The micro-batches.
            number: Of the step in the run, from 0.
        """
        self.cast.step = number
        take = self._take if self.recorded is None else self.recorded.step
        with telling_compiler_errors() if self.compiled else nullcontext():
            ledger, numbers = take(batches)
        ledger.send(self._outbox, numbers)
        return ledger

    def record_steps(self) -> None:
        """From now on steps are recorded once they have come some times, and replayed."""

        def state() -> Iterator[Tensor]:
            for module in self._modules:
                yield from module.parameters()
                yield from module.buffers()

        self.recorded = StepGraphs(
            self._take,
            players=[*self.players.values()],
            dues=self.cast.dues,
            state=state,
            watch=lambda: self.watching(self.method),
            device=self.precision.device,
        )

    def watching(self, method: Method) -> AbstractContextManager[None]:
        """In here a step is refused that is other work than the next one."""
        device = self.precision.device
        return refusing_host_work(self.wired.name, self.cast, self.losses, method, device)

    def end(self) -> None:
        """The phase is over: what its recordings hold is free."""
        self.recorded = None

    def rehearse(self, method: Method, batches: Sequence[Mapping[str, Tensor]]) -> Ledger:
        """A step in which nobody moves; inside of `unmoved`, whose method it takes."""
        return self._step(method, batches, moves=False)

    def seconds_a_step(self, batches: Sequence[Mapping[str, Tensor]]) -> float:
        """Time a step in which nobody moves: weights, statistics and generators stay as they are.

        The optimizers' own work, the smallest part, is left out.
        """
        with self.unmoved() as method:
            for _ in range(2):
                start = time.perf_counter()
                self.rehearse(method, batches).numbers()
                took = time.perf_counter() - start
                if took > LONG_STEP:
                    break
        return took

    def listen(self, batch: Mapping[str, Tensor], ear: Ear) -> None:
        """Play a step in which nobody moves, and tell an ear what each player would learn from.

        Args:
            batch: Named maps.
            ear: Called in each player's turn.
        """

        def take(player: Player) -> Turn:
            return Listener(player, self.losses, ear, self.precision.casts)

        with self.unmoved() as method, eagerly(self.compiled):
            self._play(method, [batch], take)

    def remember(self) -> Memory:
        """What the players remember, of this phase and of earlier ones."""
        for player in self.players.values():
            state = self.memory.optimizers.setdefault(player.name, {})
            state.update(optimizer_state(player))
            self.memory.reached[player.name] = dict.fromkeys(sorted(player.reached), True)
            if player.scaler:
                self.memory.scalers[player.name] = scaler_state(player)
        return self.memory

    def _take(self, batches: Sequence[Mapping[str, Tensor]]) -> tuple[Ledger, Tensor | None]:
        """A step, and its numbers in one tensor. The flag stays the same tensor, too, so that a
        step that is recorded heeds the one before.
        """
        ledger = self._step(self.method, batches, moves=True)
        spoilt = ledger.spoilt()
        if self._ended is None or spoilt is None:
            self._ended = spoilt
        else:
            self._ended.copy_(spoilt)
        return ledger, ledger.packed()

    def _step(
        self, method: Method, batches: Sequence[Mapping[str, Tensor]], *, moves: bool
    ) -> Ledger:
        ledger = Ledger(ended=self._ended)

        def take(player: Player) -> Turn:
            needs = self._needs[player.name]
            casts = self.precision.casts
            return Turn(player, self.losses, ledger, moves=moves, needs=needs, casts=casts)

        with compiler_settings() if self.compiled else nullcontext():  # backward, too
            self._play(method, batches, take, cut=True)
        return ledger

    def _play(
        self,
        method: Method,
        batches: Sequence[Mapping[str, Tensor]],
        take: Callable[[Player], Turn],
        *,
        cut: bool = False,
    ) -> None:
        """One step of the method, in which players `take` their turns; on scenes that may be cut
        where turns go on from there.
        """
        received = [Received(batch, self.precision) for batch in batches]
        scenes = [method.scene(self.cast, maps) for maps in received]
        samples = [len(next(iter(batch.values()))) for batch in batches]
        for scene, maps, count in zip(scenes, received, samples, strict=True):
            scene.share = count / sum(samples)
            scene.autocast = self.precision.autocast
            scene.is_cuttable = cut
            scene.due = self.cast.is_due
            if len(batches) > 1:
                scene.let_go = maps.forget

        def turn(name: str) -> Turn:
            return take(self.players[name])

        other = "a data.batch of 2 or more" if self.recipe.data.batch == 1 else "another data.batch"
        with single_values(other):
            method.step(scenes, turn)

    @contextmanager
    def unmoved(self) -> Iterator[Method]:
        """A method to take steps with, all of which are undone."""
        with undone(self._modules, self.precision.device):
            try:
                yield copy.deepcopy(self.method)
            finally:
                for player in self.players.values():
                    player.forget_gradients()

    def _losses(self, assembly: Assembly) -> dict[str, LossFunction]:
        """The losses; one that the phase changes is built anew, around the same fixed weights."""
        losses = dict(assembly.losses)
        for name, spec in self.recipe.losses.items():
            if spec != assembly.recipe.losses[name]:
                with seeded_by_name(self.recipe.seed, f"losses.{name}"):
                    made = losses[name] = spec.build()
                before = assembly.losses[name]
                if isinstance(made, nn.Module) and isinstance(before, nn.Module):
                    made.load_state_dict(before.state_dict(), assign=True)
        return losses
