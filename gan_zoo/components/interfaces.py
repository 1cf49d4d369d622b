"""What `build()` and `open()` return where it is no nn.Module, and what methods and callbacks get:
protocols, whose classes are the engine's, the translator's and the run's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from gan_zoo.components.shapes import Image, Values

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from gan_zoo.components.scene import Scene, Term


@dataclass(frozen=True)
class Sample:
    """One sample of the data.

    Args:
        name: Short and unique in its split; files made from it carry this name.
        files: The files that it was read from, for messages.
        maps: `C H W`: pictures as uint8, or float32 in [-1, 1] where the data's `values` says other
            numbers than 0 to 255; ids as integers of any width.
    """

    name: str
    files: tuple[str, ...]
    maps: Mapping[str, Tensor]


class Dataset(Protocol):
    """The samples of one split, in a fixed order. Holds no random state.

    One of files has six methods more: `identity()` gives every sample's name and the bytes of its
    files, which a run keeps and compares on resume; `glances()` a Glance of every sample, so that
    translations are judged before the first is made; `read_all()` every sample without a draw, or
    the DataError in its place, so that a check reads no file twice; `unshown(index, maps)` which
    pixels of some maps show nothing in every band, bools `H W`, or None where nothing says so;
    `windows(index, maps)` a sample as Windows, `for_windows()` itself with larger files for them.
    """

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


# ---------------------------------------------------------------------------------- learning


LossFunction = Callable[["Scene", str], Iterable["Term"]]  # (scene, player) -> its terms
Losses = Callable[[], Mapping[str, "Tensor"]]  # loss -> the sum of its terms, made when asked for
Ear = Callable[[str, "Scene", Losses], None]  # a player, its scene, what it would learn from


class ForwardState(Protocol):
    """A moment to come back to: networks then give the same once more, noise and all."""

    def restored(self) -> AbstractContextManager[None]:
        """As it was then; afterwards as it is now, so that statistics move once."""
        ...


class Cast(Protocol):
    """Who plays: the networks and conditions of a phase, and how they are called."""

    step: int  # the training step of the run, from 0

    @property
    def shares_views(self) -> bool:
        """Whether one pass of the discriminator is to serve both players, where a method can."""
        ...

    def play(self, name: str, *inputs: Any) -> Any:
        """Call a network in the run's precision, for the working type; features may be half."""
        ...

    def judge(self, name: str, condition: Tensor, pictures: Sequence[Tensor]) -> list[Any]:
        """Call a discriminator on pictures beside one condition; at once if it `takes_several`."""
        ...

    def play_exact(self, name: str, *inputs: Tensor) -> Any:
        """Call a network without autocast, as gradients of gradients need it."""
        ...

    def forward_state(self, *names: str) -> ForwardState:
        """Now, to come back to: these networks and the conditions then give the same once more."""
        ...

    def receive(self, maps: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Maps `B C H W` as they were read -> on the device, as networks take them."""
        ...

    def condition(self, name: str, maps: Mapping[str, Tensor]) -> Tensor:
        """Make one condition of the maps: `B c H W`; half where that loses nothing."""
        ...


class Turn(Protocol):
    """One player's turn, as a context: only that player's parameters learn in it, and step at its
    end. Turns may be nested: all learn from the weights before any step, the innermost steps first.
    """

    def __enter__(self) -> Self: ...

    def learn(self, scene: Scene, *, keep: bool = False) -> None:
        """Add one scene's losses to the player's gradients.

        Args:
            scene: What the losses are made of. What it has made before has a graph to all players.
            keep: Keep the graph, for another player that learns from the same tensors.
        """
        ...

    def __exit__(self, *error: Any) -> None: ...


class Method(Protocol):
    """Who takes a turn in which order, and on which scene.

    One that remembers from step to step has three methods more: `state()` gives nested mappings of
    tensors and plain numbers for checkpoints, `restore(state)` takes them back, and `held_bytes()`
    tells what that may come to in main memory, for `check`.
    """

    output: str  # the name of the scene that is the generated picture

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        """The scene of one batch; in translation too, where the maps hold no target. In training
        the maps move to the device as they are asked for; `maps.raw` is what was read.
        """
        ...

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        """One training step on the scenes of its micro-batches."""
        ...


class Styled(Protocol):
    """A condition's module that makes something of the target for every id of a map, or is given
    it: a style. S is as many as the map may have ids (instances or classes).
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


class Pictures(Protocol):
    """Makes pictures as inference does, with the networks as they are now."""

    @property
    def inputs(self) -> Sequence[str]:
        """The maps that it makes a picture of."""
        ...

    @property
    def target(self) -> str:
        """The map that is learned."""
        ...

    @property
    def paired(self) -> bool:
        """Whether the target of a sample is what its picture should be."""
        ...

    @property
    def shapes(self) -> Mapping[str, Image]:
        """Those of the data's maps; they tell ids from colors."""
        ...

    def values(self, name: str) -> Values:
        """What the numbers of a picture mean in its files."""
        ...

    def style_of(self, maps: Mapping[str, Tensor]) -> Any:
        """The style that a sample itself has, of its maps with the target; None without styles."""
        ...

    def picture(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """Input maps `C H W` -> the picture as 8 bits, uint8 `D H W`, whatever its files hold."""
        ...


class Position(Protocol):
    """How far a run is."""

    phase: str
    phase_step: int  # steps done in it
    step: int  # steps done in all


class Run(Protocol):
    """A run as callbacks see it; they use nothing else of it."""

    hooks: Any  # the lifecycle, to tell other callbacks of what was done

    @property
    def folder(self) -> Path:
        """The run's folder, which may hold files of callbacks."""
        ...

    @property
    def resolved_recipe(self) -> Mapping[str, Any]:
        """The recipe as plain data, every default written out."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All that has weights, by name; the one that makes pictures first."""
        ...

    @property
    def position(self) -> Position:
        """How far it is."""
        ...

    @property
    def epoch(self) -> int:
        """Passes over the data in this phase, the one begun included; from 1."""
        ...

    @property
    def steps(self) -> int:
        """Those of the whole run, where nobody asks it to end before."""
        ...

    @property
    def steps_a_pass(self) -> int:
        """Of the phase: how many steps a pass over the data takes."""
        ...

    def name_of(self, callback: object) -> str:
        """The name by which the recipe calls a callback, as for files of its own."""
        ...

    def player_of(self, network: str) -> str:
        """The player that moves a network."""
        ...

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to where the networks are, in their type and layout."""
        ...

    def dataset(self, split: str) -> Dataset:
        """The samples of a split, at the phase's size."""
        ...

    def pictures(self) -> Pictures:
        """The networks as they are now, behind the one door that makes pictures."""
        ...

    def log(self, entry: Mapping[str, Any]) -> None:
        """Write a line of log.jsonl: JSON, with the step, the phase and the epoch of now."""
        ...

    def say(self, line: str) -> None:
        """Tell the user a line, which log.txt keeps."""
        ...

    def batch(self) -> Mapping[str, Tensor]:
        """The maps of the latest step's samples, on their device: `B C H W`."""
        ...

    def listen(self, ear: Ear, samples: Sequence[Sample] | None = None) -> None:
        """Play a step in which nobody moves, and tell an ear what each player would learn from: its
        scene, and loss -> the sum of its terms with their factors. All is afterwards as before.

        Args:
            ear: Called in each player's turn.
            samples: What is played on; the latest batch if absent.
        """
        ...

    def save(self) -> None:
        """Write a checkpoint of this step, if there is none, and wait until it is whole."""
        ...
