"""A scene graph -> label map, instance map and picture, which agree by construction.

Every part is rasterized once, back to front, into a map of part numbers. The three renders are
tables looked up in that map: class of the part, instance id of the part, colors of the part. The
picture uses additions, multiplications and comparisons only, so that its bytes do not depend on
the processor's way with sines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gan_zoo_data.scenes.graph import Graph, Object, Part

Floats = NDArray[np.float32]
Cells = NDArray[np.intp]

GRIDS = (4, 16, 96)  # cells of the noise along a side: coarse, middle, fine
RIM = 0.4  # what is left of the light on the edge of a thing
SHADE = 0.72  # and in the shadow that a thing casts
CAST = 0.022  # how far, in parts of the height
THICK = 256  # from this shorter side on, rims are two pixels wide


class Rendered(NamedTuple):
    """The three renders of a scene.

    Args:
        label: Class ids, `H W` int32.
        instance: Instance ids, `H W` int32.
        picture: `3 H W` uint8.
    """

    label: NDArray[np.int32]
    instance: NDArray[np.int32]
    picture: NDArray[np.uint8]


def render(graph: Graph, height: int, width: int) -> Rendered:
    """All of a scene at a size in pixels; the same scene at any."""
    pieces = [(item, part) for item in graph.painted for part in item.parts]
    cells = rasterize([part for _, part in pieces], height, width)
    label = np.array([item.kind for item, _ in pieces], np.int32)[cells]
    instance = np.array([item.identity for item, _ in pieces], np.int32)[cells]
    return Rendered(label, instance, _picture(graph, pieces, cells, instance))


def rasterize(parts: list[Part], height: int, width: int) -> Cells:
    """The number of the part that is seen at each pixel's center, `H W`.

    Boxes that share an edge share no pixel and leave none out.
    """
    cells = np.zeros((height, width), np.intp)
    for number, part in enumerate(parts):
        left, top, right, bottom = part.box
        rows = slice(max(0, _first(top * height)), max(0, _first(bottom * height)))
        columns = slice(max(0, _first(left * width)), max(0, _first(right * width)))
        window = cells[rows, columns]
        if part.outline == "box" or not window.size:
            window[...] = number
            continue
        u = (np.arange(columns.start, columns.start + window.shape[1]) + 0.5) / width
        v = (np.arange(rows.start, rows.start + window.shape[0]) + 0.5) / height
        u = 2 * (u - left) / (right - left) - 1  # -1 left to 1 right
        v = ((v - top) / (bottom - top))[:, None]  # 0 top to 1 bottom
        if part.outline == "ellipse":
            inside = u * u + (2 * v - 1) * (2 * v - 1) <= 1
        elif part.outline == "arch":
            rise = np.maximum(0.0, 1 - v / 0.3)
            inside = u * u + rise * rise <= 1
        else:
            inside = 9 * np.abs(u) <= 5 + 4 * v
        window[inside] = number
    return cells


def _first(edge: float) -> int:
    """The first pixel whose center does not lie before an edge."""
    return math.ceil(edge - 0.5)


def find_rims(instance: NDArray[np.int32], thickness: int = 1) -> NDArray[np.bool_]:
    """Pixels with another instance within so many pixels above, below, left or right of them."""
    found = np.zeros(instance.shape, bool)
    for step in range(1, thickness + 1):
        beside = instance[:, step:] != instance[:, :-step]
        found[:, step:] |= beside
        found[:, :-step] |= beside
        below = instance[step:] != instance[:-step]
        found[step:] |= below
        found[:-step] |= below
    return found


def noise(random: np.random.Generator, grid: int, height: int, width: int) -> Floats:
    """Smooth value noise of so many cells along a side, `H W` in [-1, 1]."""
    values = random.random((grid + 1, grid + 1), np.float32) * 2 - 1
    down, along = _blend(values, grid, height)
    values = down + (values[along + 1] - down) * _ease(grid, height)[:, None]
    values = np.ascontiguousarray(values.T)
    across, along = _blend(values, grid, width)
    values = across + (values[along + 1] - across) * _ease(grid, width)[:, None]
    return np.ascontiguousarray(values.T)


def _blend(values: Floats, grid: int, side: int) -> tuple[Floats, Cells]:
    along = ((np.arange(side) * 2 + 1) * grid) // (2 * side)
    return values[along], along


def _ease(grid: int, side: int) -> Floats:
    """How far each pixel is from one row of the grid to the next, eased in and out."""
    part = (((np.arange(side) * 2 + 1) * grid) % (2 * side)) / np.float32(2 * side)
    return (part * part * (3 - 2 * part)).astype(np.float32)


def _picture(
    graph: Graph, pieces: list[tuple[Object, Part]], cells: Cells, instance: NDArray[np.int32]
) -> NDArray[np.uint8]:
    height, width = cells.shape
    parts = [part for _, part in pieces]

    def table(values: list[Any]) -> Floats:
        return np.array(values, np.float32)

    def look(values: list[Any]) -> Floats:
        return table(values).take(cells)

    x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None]
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    u = (x - look([p.box.left for p in parts])) * look(
        [1 / (p.box.right - p.box.left) for p in parts]
    )
    v = (y - look([p.box.top for p in parts])) * look(
        [1 / (p.box.bottom - p.box.top) for p in parts]
    )
    light = graph.light
    shade = 1 + 0.1 * light.side * (2 * x - 1) + 0.06 * (1 - 2 * y)
    bulge = look([p.finish.bulge for p in parts])
    shade = shade + bulge * (light.side * (u - 0.5) + 0.7 * (0.5 - v))
    streak = (u + 0.8 * v - 0.75) * 3.5
    gloss = look([p.finish.gloss for p in parts])
    shade += gloss * (1.3 - y) * np.maximum(0, 1 - streak * streak)
    shade *= _joints(parts, look, u, v)
    random = np.random.default_rng(graph.grain)
    for octave, grid in enumerate(GRIDS):
        amplitude = look([p.finish.texture[octave] for p in parts])
        shade += amplitude * noise(random, grid, height, width)

    thing = np.array([item.number is not None for item, _ in pieces]).take(cells)
    lit = np.array([item.number is None and item.lit for item, _ in pieces]).take(cells)
    shade[_shifted(thing, -light.side * CAST * width, CAST * height) & lit] *= SHADE
    shade[find_rims(instance, 1 + (min(height, width) >= THICK)) & thing] *= RIM

    tint = (1 + 0.07 * light.warmth, 1.0, 1 - 0.07 * light.warmth)
    picture = np.empty((3, height, width), np.uint8)
    for channel in range(3):
        top = table([p.color[channel] for p in parts])
        foot = table([(p.foot or p.color)[channel] for p in parts])
        band = top.take(cells) + (foot - top).take(cells) * v
        band *= shade
        band *= 255 * tint[channel] * light.strength
        picture[channel] = np.clip(band, 0, 255)
    return picture


def _joints(parts: list[Part], look: Callable[[list[Any]], Floats], u: Floats, v: Floats) -> Floats:
    """The light that stripes and joints leave, `H W`: 1 amid a brick or slat."""
    rows, columns = (look([getattr(p.finish, name) for p in parts]) for name in ("rows", "columns"))
    down = v * rows
    row = np.floor(down)
    down -= row
    across = u * columns + 0.5 * look([p.finish.bond for p in parts]) * (row % 2)
    across -= np.floor(across)
    solid = np.minimum(
        np.where(rows > 0, down * (1 - down), 1), np.where(columns > 0, across * (1 - across), 1)
    )
    dark: Floats = 1 - look([p.finish.joint for p in parts]) * (1 - np.minimum(1, 5 * solid))
    return dark


def _shifted(mask: NDArray[np.bool_], across: float, down: float) -> NDArray[np.bool_]:
    """A mask moved by whole pixels; what comes in at the sides is empty."""
    across, down = round(across), round(down)
    moved = np.zeros_like(mask)
    height, width = mask.shape
    if abs(across) < width and down < height:
        rows, columns = slice(down, height), slice(max(0, across), width + min(0, across))
        source = slice(max(0, -across), width + min(0, -across))
        moved[rows, columns] = mask[: height - down, source]
    return moved
