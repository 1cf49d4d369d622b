"""What a spec's `build()` and `open()` return, where it is not an nn.Module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from gan_zoo.engine.scene import Cast, Scene
    from gan_zoo.engine.turns import Turn


@dataclass(frozen=True)
class Sample:
    """One sample of the data.

    Args:
        name: Short and unique in its split; files made from it carry this name.
        files: The files that it was read from, for messages.
        maps: `C H W`: pictures as uint8, ids as integers of any width.
    """

    name: str
    files: tuple[str, ...]
    maps: Mapping[str, Tensor]


class Dataset(Protocol):
    """The samples of one split, in a fixed order. Holds no random state."""

    def __len__(self) -> int: ...

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """One sample; `draw` decides the augmentation, None means none.

        Raises:
            DataError: names the file that cannot be read or is not what the recipe says.
        """
        ...

    def describe(self) -> str:
        """One line for the user: what was found, where, and in which layout."""
        ...


class Term(NamedTuple):
    """One named term of a player's loss.

    Args:
        label: The name under which it is shown, as the papers' programs print it.
        value: The scalar that is shown.
        factor: What it is multiplied with in the player's sum.
    """

    label: str
    value: Tensor
    factor: float = 1.0


LossFunction = Callable[["Scene", str], Iterable[Term]]  # (scene, player) -> its terms


class Method(Protocol):
    """Who takes a turn in which order, and on which scene.

    One that remembers from step to step has two methods more: `state()` gives nested mappings of
    tensors and plain numbers, which checkpoints keep, and `restore(state)` takes them back.
    """

    output: str  # the name of the scene that is the generated picture

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        """The scene of one batch; in translation too, where the maps hold no target."""
        ...

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """One training step on the scenes of its micro-batches."""
        ...


class Styled(Protocol):
    """A condition's module that makes something of the target for every id of a map, and can be
    given it instead: a style. S is as many as the map may have ids (instances or classes).
    """

    def __call__(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Of the target where the maps hold it, else without any style: `B C H W`."""
        ...

    def encode(self, maps: Mapping[str, Tensor]) -> Tensor:
        """Named maps, the target among them -> the style of every id, `B S C`."""
        ...

    def paint(self, maps: Mapping[str, Tensor], styles: Tensor) -> Tensor:
        """Named maps without a target, and the style of every id, `B S C` -> `B C H W`."""
        ...


class Metric(Protocol):
    """Accumulates over pictures. Pictures are uint8 `C H W`."""

    def update(self, generated: Tensor, real: Tensor) -> None:
        """Add one picture and its target."""
        ...

    def compute(self) -> float:
        """The score of all that was added."""
        ...
