"""Scenes as a data set: sample number i follows from (seed, split, i) alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_zoo.components import DataError, Sample
from gan_zoo_data.scenes import facade, street
from gan_zoo_data.scenes.dice import Dice
from gan_zoo_data.scenes.graph import Graph, Light
from gan_zoo_data.scenes.render import Rendered, render
from gan_zoo_data.scenes.themes import SPLITS, Mood, ThemeName, draw_mood

LAST = 2**32 - 1  # a number that no other scene has
COMPOSERS = {"facade": facade.compose, "street": street.compose}


@dataclass(frozen=True)
class Scenes:
    """The scenes of one split: a Dataset that is rendered as it is read.

    Args:
        theme: What they show.
        split: train, val or test.
        count: How many.
        size: (height, width) in pixels.
        seed: Of all splits.
        flip: Probability of a horizontal flip in training.
        draws: 1 for the streams of earlier versions: their first scene shares that of the kinds.
    """

    theme: ThemeName
    split: str
    count: int
    size: tuple[int, int]
    seed: int
    flip: float = 0.0
    draws: int = 2

    def __len__(self) -> int:
        return self.count

    def describe(self) -> str:
        """What is made, of which theme and seed."""
        height, width = self.size
        return (
            f"{self.count} {self.theme} scenes at {height}x{width}, generated from seed {self.seed}"
        )

    def mood(self, index: int) -> Mood:
        """Which kind of scene it is."""
        return draw_mood(Dice(self.seed, self._stream).between(0, 1), index)

    def graph(self, index: int) -> Graph:
        """The scene before it is rendered.

        Raises:
            DataError: the split has no such scene.
        """
        if not 0 <= index < self.count:
            raise DataError(
                f"scene {index} of {self.split} is asked for, but data.samples makes {self.count}, "
                "counted from 0; ask for more samples"
            )
        dice = Dice(self.seed, self._stream, index or self._first)
        light = Light(dice.between(-1, 1), dice.between(-1, 1), dice.between(0.88, 1.06))
        grain = dice.count(0, 2**31 - 1)
        return Graph(tuple(COMPOSERS[self.theme](dice, self.mood(index))), light, grain)

    def render(self, index: int) -> Rendered:
        """The scene as arrays, never flipped."""
        return render(self.graph(index), *self.size)

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """One sample; the draw decides the flip.

        Raises:
            DataError: the split has no such scene.
        """
        made = self.render(index)
        maps: dict[str, NDArray[Any]] = {
            "label": made.label[None],  # 1 H W
            "instance": made.instance[None],
            "target": made.picture,
        }
        if draw is not None and draw.random() < self.flip:
            maps = {name: np.ascontiguousarray(array[..., ::-1]) for name, array in maps.items()}
        name = f"{self.theme}_{self.split}_{index:05d}"
        tensors = {key: torch.from_numpy(array) for key, array in maps.items()}
        return Sample(name, (f"scene {index} of {self.split}",), tensors)

    @property
    def _first(self) -> int:
        """The number of the first scene in streams of chance, where 0 is that of the kinds."""
        return 0 if self.draws == 1 else LAST

    @property
    def _stream(self) -> int:
        return SPLITS.index(self.split)
