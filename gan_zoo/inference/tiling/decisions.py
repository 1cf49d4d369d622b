"""How large tiles are, how far they overlap, and whose statistics norms take: decided once for a
model, or refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.errors import UserError
from gan_zoo.inference.networks import drops
from gan_zoo.inference.tiling.asked import Asked, Whose
from gan_zoo.inference.tiling.copies import Player
from gan_zoo.inference.tiling.layout import Layout
from gan_zoo.inference.tiling.norms import Call, Statistics
from gan_zoo.inference.tiling.reach import (
    Seen,
    condition_radius,
    mixing_layers,
    random_maps,
    receptive_radius,
    watched,
)

TILE, LARGEST = 512, 2048  # sides of tiles that auto takes
MOST_OVERLAP = 3 / 8  # of a tile: beyond it a radius is cut, and most of the work would be twice


@dataclass(frozen=True)
class Decision:
    """How pictures are cut.

    Args:
        tile: The side of a tile.
        overlap: What a tile sees beyond its core, towards each neighbor.
        ramp: How far neighbors are blended, to either side of a cut.
        radius: How far networks see; None where that is all of a picture.
        whose: Statistics of norms.
        norms: How many take their picture's.
        told: Clauses about it.
        inexact: Why statistics cannot be those of all of a picture; empty where they can.
    """

    tile: int
    overlap: int
    ramp: int
    radius: int | None
    whose: Whose
    norms: int
    told: tuple[str, ...] = ()
    inexact: str = ""

    @property
    def cut(self) -> bool:
        """Whether a core depends on more than its tile sees."""
        return self.radius is None or self.overlap < self.radius

    def layout(self, size: tuple[int, int]) -> Layout:
        """The tiles of a picture."""
        return Layout.of(size, self.tile, self.overlap, self.ramp)


def decide(player: Player, statistics: Statistics, asked: Asked) -> Decision:
    """Look at the networks, and decide.

    Args:
        player: Of a copy, whose norms are replaced.
        statistics: They ask these.
        asked: By the caller.

    Raises:
        UserError: the model cannot be translated in tiles as asked; says why, and what could be.
    """
    _refuse_noise(player)
    _refuse_styles(player)
    around = condition_radius(player)
    trained = player.translator.network.given.size
    looked = player.translator.fitting_size(*(trained or (TILE, TILE)))
    seen = _look(player, statistics, looked)
    calls = [*statistics.calls]
    norms = len(calls)
    if strange := mixing_layers(player.cast.networks, seen):
        raise UserError(
            f"--tile: {' and '.join(strange)} makes of a place what depends on all others, as a "
            "norm by its picture's statistics does, and nothing says how to give it those of a "
            "whole picture. A layer with `statistic_groups` and `normalize_by`, as "
            "gan_zoo.components.PictureNorm has them, takes part; or translate pictures whole"
        )
    told, step, radius = [], _step(player), None
    pixel = seen.to_one_pixel()
    if not pixel:
        radius = receptive_radius(player, step)
    if radius is None:
        why = f"{pixel} makes one pixel of a whole picture" if pixel else "networks see all of it"
        tile, step = _training_side(why, trained, asked), 1
        told.append(f"{why}, and sees one tile in its place: tiles have the size of training")
    else:
        radius += around
        tile = _tile(player, asked, _rounded(radius, step))
    overlap = _overlap(asked, tile, radius, step)
    if asked.overlap not in (None, overlap):
        told.append(f"overlap {asked.overlap} is rounded up to a multiple of {step}")
    reach = overlap // 2 if radius is None or overlap < radius else overlap - radius
    ramp = min(reach, overlap // 2, (tile - 2 * overlap) // 2)
    whose: Whose = asked.statistics or ("sampled" if norms else "own")
    if whose == "own" and norms:
        raise UserError(
            f"--statistics own: {norms} norms of this run take the statistics of their picture; "
            "those of a tile are others in every tile, and its colors with them. Use --statistics "
            "sampled or exact"
        )
    if whose != "own" and not norms:
        told.append("no norm takes its picture's statistics, and none are gathered")
        whose = "own"
    inexact = _inexact(calls, looked, overlap)
    if whose == "exact" and inexact:
        raise UserError(f"--statistics exact: {inexact}; use --statistics sampled")
    return Decision(tile, overlap, ramp, radius, whose, norms, tuple(told), inexact)


def _inexact(calls: Sequence[Call], looked: tuple[int, int], overlap: int) -> str:
    """Why the cores of tiles cannot be told apart where a norm works; empty where they can.

    Args:
        calls: Of norms, as they were when a picture was looked at.
        looked: Its (height, width).
        overlap: Of tiles, which their cores begin by.
    """
    for call in calls:
        for side, of_norm in zip(looked, call.size, strict=True):
            step = side // of_norm
            if step * of_norm != side:
                return f"{call.name} makes {of_norm} of {side} pixels, which is no whole part"
            if overlap % step:
                return (
                    f"{call.name} works on squares of {step} pixels, which an overlap of "
                    f"{overlap} cuts through"
                )
    return ""


def _refuse_noise(player: Player) -> None:
    if drops(player.translator.networks().values()):
        raise UserError(
            "--tile: inference.dropout is on, and no two tiles would draw the same noise where "
            "they meet; say --set inference.dropout=false, or translate pictures whole"
        )


def _refuse_styles(player: Player) -> None:
    """Styles of instances go by the class that most of an instance is of, which a tile that shows a
    part of it may see otherwise.
    """
    stylist = player.translator.stylist
    if not (player.said.chosen or stylist.gathered):
        return
    by_instance = [
        f"conditions.{name}"
        for name, over in stylist.id_maps.items()
        if stylist.shapes[over].instances is not None
    ]
    if by_instance:
        raise UserError(
            f"--tile: {' and '.join(by_instance)} gives every instance a style by the class that "
            "most of its pixels have, and a tile that shows a part of it may see another class; "
            "translate pictures whole (styles by class, `over: label`, go in tiles)"
        )


def _look(player: Player, statistics: Statistics, size: tuple[int, int]) -> Seen:
    """What layers do with a picture of chance of a size that fits; the norms that are called are
    noted too.
    """
    translator = player.translator
    maps = random_maps(translator.shapes, translator.inputs, *size)
    statistics.begin("own")
    with watched(player.cast.networks) as seen:
        player.play([maps])
    return seen


def _step(player: Player) -> int:
    spec = player.translator.network.spec
    assert isinstance(spec, GeneratorSpec)
    return spec.multiple()


def _rounded(number: int, step: int) -> int:
    """Up to a multiple, so that features of two tiles lie on one grid."""
    return -(-number // step) * step


def _training_side(why: str, trained: tuple[int, int] | None, asked: Asked) -> int:
    """The side of pictures in training.

    Raises:
        UserError: tiles cannot have it, or are asked to have another.
    """
    told = f"--tile: {why}, and would see one tile in its place"
    if trained is None or trained[0] != trained[1]:
        size = "the recipe does not say" if trained is None else f"is {trained[0]}x{trained[1]}"
        raise UserError(
            f"{told}. That goes at the size of training alone, which {size}, and tiles are square; "
            "translate pictures whole"
        )
    if asked.tile not in (None, trained[0]):
        raise UserError(
            f"{told}, which at {asked.tile} pixels is unlike all that it learned from; say --tile "
            f"{trained[0]}, the size of training, or translate pictures whole"
        )
    return trained[0]


def _tile(player: Player, asked: Asked, overlap: int) -> int:
    """The side of tiles.

    Raises:
        UserError: the networks take no tile as it is asked for.
    """
    fitting = player.translator.fitting_size
    if asked.tile is None:
        side = TILE
        while side < 4 * overlap and side < LARGEST:
            side *= 2
        return max(fitting(side, side))
    size = fitting(asked.tile, asked.tile)
    if size != (asked.tile, asked.tile):
        raise UserError(
            f"--tile: {asked.tile} came, and the generator takes no such side; say --tile "
            f"{max(size)}"
        )
    return asked.tile


def _overlap(asked: Asked, tile: int, radius: int | None, step: int) -> int:
    """What a tile sees beyond its core.

    Raises:
        UserError: nothing would be left of a tile.
    """
    if asked.overlap is not None:
        found = _rounded(asked.overlap, step)
        if tile - 2 * found < step:
            raise UserError(
                f"--overlap: {asked.overlap} came, which leaves nothing of a tile of {tile}; less "
                f"than {tile // 2} is expected"
            )
        return found
    if radius is not None and (found := _rounded(radius, step)) <= MOST_OVERLAP * tile:
        return found
    return max(tile // 4 // step * step, 0)
