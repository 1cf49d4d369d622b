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
MOST = 1200  # crops, where all of a picture cannot be counted
BOUND = 1.0  # of 255: the mean difference that two halves of the sample may make
INNER, LARGEST_CROP = 96, 256  # of a crop, what counts; and the side that it has at most
MARGIN = 1 / 4  # of a crop's side: what does not count at each border, at most
TOGETHER = 2  # tiles whose pixels go through the networks at once; more crops go in groups
COMPARED = 16  # crops on which the two halves are compared
SEEDS = 2**64  # numpy's are not negative
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
    draw = np.random.default_rng([seed % SEEDS, count])
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
        crops = [self.source.read(box) for box in spread(other, COMPARED)]
        made = [self._given(values, crops) for values in (first, second)]
        difference = float((made[0] - made[1]).abs().mean()) * 127.5
        return Sampled(self._joint([*one, *other]), len(one) + len(other), difference)

    def share(self, count: int) -> float:
        """How much of a forward each crop of so many takes in the search for statistics, about: in
        groups, the way to each norm again.
        """
        calls = self.statistics.calls
        if -(-count // 2) <= self._most or not calls:
            return 1.0
        return max(1.0, sum(call.seconds for call in calls) / calls[-1].seconds)

    @property
    def _most(self) -> int:
        """The crops that memory should hold at once."""
        return max(1, TOGETHER * self.tile**2 // self.side**2)

    def _joint(self, boxes: Sequence[Box]) -> list[Moments]:
        """Of crops that are normalized as one picture, layer by layer. More than memory should hold
        go in groups, norm by norm: what a norm is given depends on the moments of all crops in the
        norms before it.
        """
        count = -(-len(boxes) // self._most)
        self.statistics.margin, self.statistics.core = self.margin / self.side, None
        if count == 1:
            self.statistics.begin("joint")
            self.player.play([self.source.read(box) for box in boxes])
            return self.statistics.values
        groups = [boxes[first::count] for first in range(count)]
        values: list[Moments] = []
        while len(values) < len(self.statistics.calls):
            values.append(join([self._next(values, group) for group in groups]))
        return values

    def _next(self, values: Sequence[Moments], boxes: Sequence[Box]) -> Moments:
        """Of the first norm that has none, over a group of crops."""
        crops = [self.source.read(box) for box in boxes]
        return reach(self.player, self.statistics, values, crops)

    def _given(self, values: list[Moments], crops: Sequence[dict[str, Tensor]]) -> Tensor:
        self.statistics.values = values
        made = []
        for crop in crops:
            self.statistics.begin("given")
            made.append(self.player.play([crop]).float().clamp(-1, 1).cpu())
        return torch.cat(made)


def spread(boxes: Sequence[Box], most: int) -> list[Box]:
    """No more than so many of boxes in rows, from all of them alike."""
    places = np.linspace(0, len(boxes) - 1, min(most, len(boxes)))
    return [boxes[round(place)] for place in places]


def reach(
    player: Player,
    statistics: Statistics,
    values: Sequence[Moments],
    crops: Sequence[dict[str, Tensor]],
) -> Moments:
    """The moments of the first norm that has none, over crops of one size."""
    statistics.values = [*values]
    statistics.begin("until")
    try:
        player.play(crops)
    except Reached as reached:
        return reached.moments
    raise AssertionError("there is no such norm")


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
    found = []
    for row in range(layout.down.count):
        whole = layout.tile(row, 0)
        band = source.read(Box(whole.top, 0, whole.height, layout.size[1]))
        for column in range(layout.across.count):
            box, core = layout.tile(row, column), layout.core(row, column)
            inside = Box(core.top - box.top, core.left - box.left, core.height, core.width)
            statistics.core = inside, (box.height, box.width)
            found.append(reach(player, statistics, values, [cut(band, box, box.top)]))
            advance()
    return join(found)
