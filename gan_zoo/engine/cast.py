"""Who plays, and how they are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from gan_zoo.engine.compiling import eagerly
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.recompute import ForwardState
from gan_zoo.engine.regions import region
from gan_zoo.errors import add_note_on_error


class Cast:
    """Who plays: the networks and conditions of a phase, and how they are called.

    Args:
        networks: Name -> the module that plays under it.
        conditions: Name -> the module that makes the condition of the maps, in recipe order.
        precision: In which numbers they compute.
        exact: The conditions whose numbers half holds as they are.

    Attributes:
        step: The training step of the run, from 0.
        noted: What steps did so far that is other work every time, in words.
        periods: Numbers of steps of which somebody asked whether each so many is due.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        conditions: Mapping[str, nn.Module],
        precision: Precision,
        exact: Collection[str] = (),
    ) -> None:
        self.networks = networks
        self.conditions = conditions
        self.precision = precision
        self.exact = exact
        self.noted: set[str] = set()
        self.periods: set[int] = set()
        self._step = 0

    @property
    def step(self) -> int:
        """The training step of the run, from 0."""
        self.noted.add("reads the number of the step; scene.is_due(every) says what is due")
        return self._step

    @step.setter
    def step(self, number: int) -> None:
        self._step = number

    def is_due(self, every: int) -> bool:
        """Whether what is taken on each so many steps is taken on this one."""
        self.periods.add(every)
        return self._step % every == 0

    def dues(self) -> tuple[tuple[int, bool], ...]:
        """What is due on this step, of all that was ever asked after."""
        return tuple((every, self._step % every == 0) for every in sorted(self.periods))

    @property
    def shares_views(self) -> bool:
        """Whether one pass of the discriminator is to serve both players, where a method can."""
        return self.precision.share_views

    def play(self, name: str, *inputs: Any) -> Any:
        """Call a network in the run's precision; what it returns is in the working type, but for
        the features of views, which stay as they were computed.
        """
        with region(name), self.precision.autocast(), add_note_on_error(f"{name} played"):
            return self._working(self.networks[name](*inputs))

    def judge(self, name: str, condition: Tensor, pictures: Sequence[Tensor]) -> list[Any]:
        """Call a discriminator on pictures beside one condition, in their order: at once, where it
        says that it `takes_several`.
        """
        if getattr(self.networks[name], "takes_several", False):
            made: list[Any] = self.play(name, condition, list(pictures))
            return made
        return [self.play(name, condition, picture) for picture in pictures]

    def play_exact(self, name: str, *inputs: Tensor) -> Any:
        """Call a network without autocast, as gradients of gradients need it."""
        with region(name), eagerly(self.precision.compile != "off"):
            return self.networks[name](*map(self._working, inputs))

    def forward_state(self, *names: str) -> ForwardState:
        """Now, to come back to: these networks and the conditions then give the same once more,
        noise and all.
        """
        self.noted.add("makes forwards anew, by the state of torch's generators")
        networks = [self.networks[name] for name in names]
        return ForwardState([*networks, *self.conditions.values()], self.precision.device)

    def receive(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Maps `B C H W` as they were read -> on the device, as networks take them."""
        return self.precision.receive(dict(maps))

    def condition(self, name: str, maps: Mapping[str, Tensor]) -> Tensor:
        """Make one condition of the maps: `B c H W`; of styles, where a map of the condition's own
        name, `conditions.NAME`, gives them. In a run in half one that loses nothing by it is half:
        networks would round it to the same numbers, and others beside it widen it again.
        """
        module: Any = self.conditions[name]
        whole = f"conditions.{name}"
        styles = maps.get(whole)
        with region(whole), self.precision.autocast(), add_note_on_error(f"{whole} was made"):
            made: Tensor = self._working(
                module(maps) if styles is None else module.paint(maps, styles)
            )
        half = self.precision.half
        return made.to(half) if half and name in self.exact else made

    def _working(self, made: Any, *, inside: bool = False) -> Any:
        """In the working type; of views, which are lists inside a list, the logits alone."""
        if isinstance(made, Tensor):
            return made.to(self.precision.dtype) if made.is_floating_point() else made
        if inside and made and isinstance(made[0], Tensor):
            return [*made[:-1], self._working(made[-1])]
        return [self._working(item, inside=True) for item in made]
