"""A scene: the tensors of one step by name, each computed once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.engine.again import Moment
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import during

Maker = Callable[["Scene"], Any]
Autocast = Callable[[], AbstractContextManager[None]]


class Scene:
    """Named tensors, made lazily.

    Args:
        makers: Name -> how it is made of others.
        above: The scene of the same step that knows what this one does not.

    Attributes:
        share: Its part of the step, by samples; 1 where it is all of it.
        autocast: The run's precision, for the fixed networks of losses; none of its own otherwise.
        side: Which one it is of several games that a step plays side by side, as A; else empty.
    """

    def __init__(self, makers: Mapping[str, Maker], above: Scene | None = None) -> None:
        self.share: float = 1.0 if above is None else above.share
        self.side: str = "" if above is None else above.side
        self.autocast: Autocast = nullcontext if above is None else above.autocast
        self._makers = makers
        self._above = above
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            if name in self._makers:
                self._known[name] = self._makers[name](self)
            elif self._above is not None:
                return self._above[name]
            else:
                raise KeyError(f"this scene has no {name}; it has {', '.join(self.names())}")
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def names(self) -> list[str]:
        """Everything that can be asked for."""
        above = [] if self._above is None else self._above.names()
        return list(dict.fromkeys([*self._makers, *above]))

    def view(self, makers: Mapping[str, Maker], side: str = "") -> Scene:
        """The same scene as a player sees it: some names mean something else in its turn, or on
        one side of several.
        """
        seen = Scene(makers, above=self)
        seen.side = side or self.side
        return seen

    def labeled(self, label: str) -> str:
        """The label of a term of this scene: with its side, where there are several."""
        return f"{label}_{self.side}" if self.side else label

    def forget(self) -> None:
        """Let go of everything made; what is asked for again is made anew."""
        self._known.clear()


class Cast:
    """Who plays: the networks and conditions of a phase, and how they are called.

    Args:
        networks: Name -> the module that plays under it.
        conditions: Name -> the module that makes the condition of the maps, in recipe order.
        precision: In which numbers they compute.

    Attributes:
        step: The training step of the run, from 0.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        conditions: Mapping[str, nn.Module],
        precision: Precision,
    ) -> None:
        self.networks = networks
        self.conditions = conditions
        self.precision = precision
        self.step = 0

    def play(self, name: str, *inputs: Any) -> Any:
        """Call a network in the run's precision; what it returns is in the working type."""
        with self.precision.autocast(), during(f"{name} played"):
            return self._working(self.networks[name](*inputs))

    def exact(self, name: str, *inputs: Tensor) -> Any:
        """Call a network without autocast, as gradients of gradients need it."""
        return self.networks[name](*inputs)

    def moment(self, *names: str) -> Moment:
        """Now, to come back to: these networks and the conditions then give the same once more,
        noise and all.
        """
        networks = [self.networks[name] for name in names]
        return Moment([*networks, *self.conditions.values()], self.precision.device)

    def condition(self, name: str, maps: Mapping[str, Tensor]) -> Tensor:
        """Make one condition of the maps: `B c H W`; of styles, where a map of the condition's own
        name, `conditions.NAME`, gives them.
        """
        module: Any = self.conditions[name]
        styles = maps.get(f"conditions.{name}")
        with self.precision.autocast(), during(f"conditions.{name} was made"):
            made: Tensor = self._working(
                module(maps) if styles is None else module.paint(maps, styles)
            )
        return made

    def _working(self, made: Any) -> Any:
        if isinstance(made, Tensor):
            return made.to(self.precision.dtype) if made.is_floating_point() else made
        return [self._working(item) for item in made]


def concatenated(parts: Iterable[Tensor], like: Tensor) -> Tensor:
    """Channels side by side, `B c H W` each; none at all gives `B 0 H W`."""
    parts = list(parts)
    return torch.cat(parts, dim=1) if parts else like[:, :0]
