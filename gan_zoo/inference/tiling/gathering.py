"""Statistics of a whole picture: of a sample of crops, or of all of it, norm by norm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_zoo.inference.tiling.copies import Player
from gan_zoo.inference.tiling.layout import Box, Layout
from gan_zoo.inference.tiling.norms import Moments, Reached, Statistics, join
from gan_zoo.inference.tiling.source import Source, cut

FIRST = 36  # crops of the first sample; doubled from there
BOUND = 1.0  # of 255: the mean difference that two halves of the sample may make
INNER, LARGEST_CROP = 96, 256  # of a crop, what counts; and the side that it has at most
MARGIN = 1 / 4  # of a crop's side: what does not count at each border, at most
TOGETHER = 2  # tiles whose pixels go through the networks at once; more crops go in groups
COMPARED = 16  # crops on which the two halves are compared
PASSES = 3  # over a sample: each half by itself, and all of it


@dataclass(frozen=True)
class Sampled:
    """What was found of a sample.

    Args:
        values: The statistics of each norm.
        crops: How many there were.
        difference: Of pictures by the statistics of its halves: the mean, of 255.
    """

    values: list[Moments]
    crops: int
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether the halves make the same pictures, to the bound."""
        return self.difference <= BOUND


def crop_side(player: Player, tile: int, radius: int | None) -> tuple[int, int]:
    """The side of crops, not more than a tile, and their margin: as far as networks see, since
    there they see pads.
    """
    wanted = LARGEST_CROP if radius is None else min(INNER + 2 * radius, LARGEST_CROP)
    side = min(tile, max(player.translator.fitting_size(wanted, wanted)))
    if radius is None:  # in training pictures had pads at their borders too
        return side, 0
    return side, min(radius, int(MARGIN * side))


def jittered(
    size: tuple[int, int], side: int, count: int, seed: int
) -> tuple[list[Box], list[Box]]:
    """Crops on a jittered grid of about so many cells, in two halves like the fields of a chess
    board.

    Args:
        size: (height, width) of the picture.
        side: Of a crop; one of a shorter side of the picture is as long as that.
        count: How many crops are wanted; there are at least so many.
        seed: Where in its cell a crop lies.
    """
    height, width = size
    rows = max(1, round((count * height / width) ** 0.5))
    columns = -(-count // rows)
    draw = np.random.default_rng([seed, count])
    high, wide = min(side, height), min(side, width)
    halves: tuple[list[Box], list[Box]] = ([], [])
    for row in range(rows):
        for column in range(columns):
            down, across = draw.random(2)
            top = (row + down) * height / rows - high / 2
            left = (column + across) * width / columns - wide / 2
            box = Box(
                int(np.clip(top, 0, height - high)), int(np.clip(left, 0, width - wide)), high, wide
            )
            halves[(row + column) % 2].append(box)
    return halves


@dataclass(frozen=True)
class Sampler:
    """Gathers statistics of crops.

    Args:
        player: Of a copy, whose norms ask the statistics.
        statistics: Theirs.
        source: The picture.
        side: Of a crop.
        margin: Of it, what does not count.
        tile: Pixels of a tile, which memory is measured by.
        seed: Of the grid.
    """

    player: Player
    statistics: Statistics
    source: Source
    side: int
    margin: int
    tile: int
    seed: int

    def gather(self, count: int) -> Sampled:
        """Statistics of so many crops, and how far those of two halves are apart."""
        one, other = jittered(self.source.size, self.side, count, self.seed)
        first, second = self._joint(one), self._joint(other)
        compared = other[:COMPARED]
        crops = [self.source.read(box) for box in compared]
        made = [self._given(values, crops) for values in (first, second)]
        difference = float((made[0] - made[1]).abs().mean()) * 127.5
        return Sampled(self._joint([*one, *other]), len(one) + len(other), difference)

    def _joint(self, boxes: Sequence[Box]) -> list[Moments]:
        """Of crops that are normalized as one picture, layer by layer; of more than memory should
        hold, groups that each lie all over the picture, whose moments are joined.
        """
        most = max(1, TOGETHER * self.tile**2 // self.side**2)
        groups = -(-len(boxes) // most)
        found = []
        for group in range(groups):
            self.statistics.margin = self.margin / self.side
            self.statistics.begin("joint")
            self.player.play([self.source.read(box) for box in boxes[group::groups]])
            found.append(self.statistics.values)
        return [join(of_call) for of_call in zip(*found, strict=True)]

    def _given(self, values: list[Moments], crops: Sequence[dict[str, Tensor]]) -> Tensor:
        self.statistics.values = values
        made = []
        for crop in crops:
            self.statistics.begin("given")
            made.append(self.player.play([crop]).float().clamp(-1, 1).cpu())
        return torch.cat(made)


def exact_norm(
    player: Player,
    statistics: Statistics,
    source: Source,
    layout: Layout,
    values: Sequence[Moments],
    advance: Callable[[], None],
) -> Moments:
    """The statistics of the next norm over all of a picture: every tile is computed up to it, and
    its core is counted.

    Args:
        player: Of a copy, whose norms ask the statistics.
        statistics: Theirs.
        source: The picture.
        layout: Its tiles.
        values: Those of the norms before it.
        advance: Called after each tile.
    """
    statistics.values, found = [*values], []
    for row in range(layout.down.count):
        whole = layout.tile(row, 0)
        band = source.read(Box(whole.top, 0, whole.height, layout.size[1]))
        for column in range(layout.across.count):
            box, core = layout.tile(row, column), layout.core(row, column)
            inside = Box(core.top - box.top, core.left - box.left, core.height, core.width)
            statistics.core = inside, (box.height, box.width)
            statistics.begin("until")
            try:
                player.play([cut(band, box, box.top)])
            except Reached as reached:
                found.append(reached.moments)
            advance()
    return join(found)
