"""The theme `facade`: the front of a building, its windows in a grid.

Stuff: sky, ground, wall, roof, cornice. Things: window, door, shutter, balcony. Where instances
touch, each opening of the wall is a row of two or three windows, and balconies may join theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from gan_zoo_data.scenes.dice import Dice, mix, scale_color
from gan_zoo_data.scenes.graph import Box, Color, Finish, Object, Outline, Part
from gan_zoo_data.scenes.themes import THEMES, Mood

THEME = THEMES["facade"]
SMOOTH = (0.02, 0.02, 0.03)
ROUGH = (0.08, 0.06, 0.09)


@dataclass
class Front:
    """A building front while it is laid out.

    Args:
        dice: Where choices come from.
        wall: The wall between roof and ground.
        columns: Openings of a floor.
        floors: Rows of openings, the ground floor included.
        panes: Windows of an opening.
        style: Outline of the windows.
        shutters: Whether windows have shutters.
        balconies: Probability of a balcony below an opening.
        joined: Whether the balconies of a floor are built to one another.
    """

    dice: Dice
    wall: Box
    columns: int
    floors: int
    panes: int
    style: Outline
    shutters: bool
    balconies: float
    joined: bool

    def opening(self, floor: int, column: int) -> Box:
        """The cell of the grid, floors counted from the top."""
        return self.wall.inside(
            column / self.columns,
            (floor + 0.1) / (self.floors + 0.1),
            (column + 1) / self.columns,
            (floor + 1.1) / (self.floors + 0.1),
        )


def compose(dice: Dice, mood: Mood) -> list[Object]:
    """The objects of a scene, numbered from 0 in each class."""
    front = _front(dice, mood)
    objects = _stuff(dice, front.wall)
    if mood == "empty":
        return objects
    frame = dice.color((0.05, 0.15), (0.0, 0.25), (0.75, 0.98))
    found: list[tuple[str, float, list[Part]]] = []
    doors = {dice.count(0, front.columns - 1)}
    if front.columns > 4 and dice.chance(0.3):
        doors.add((min(doors) + 2) % front.columns)
    for floor in range(front.floors):
        ground = floor == front.floors - 1
        balconied = not ground and dice.chance(front.balconies)
        for column in range(front.columns):
            cell = front.opening(floor, column)
            if ground and column in doors and front.floors < 10:
                found.append(("door", 3, _door(dice, cell, frame)))
                continue
            found += _opening(front, cell, frame)
            if balconied:
                found.append(("balcony", 5, _balcony(front, cell)))
    counts = dict.fromkeys(THEME.things, 0)
    for name, depth, parts in found:
        objects.append(Object(THEME.id(name), counts[name], depth, tuple(parts)))
        counts[name] += 1
    return objects


def _front(dice: Dice, mood: Mood) -> Front:
    crowd, touching = mood == "crowded", mood == "touching"
    wide = crowd or dice.chance(0.4)  # the wall goes on beyond the picture
    wall = Box(
        0.0 if wide else dice.between(0.03, 0.12),
        0.08 if crowd else dice.between(0.12, 0.26),
        1.0 if wide else dice.between(0.88, 0.97),
        0.92 if crowd else dice.between(0.83, 0.9),
    )
    return Front(
        dice,
        wall,
        columns=dice.count(7, 8) if crowd else dice.count(2, 4 if touching else 5),
        floors=dice.count(9, 10) if crowd else dice.count(2, 3 if touching else 4),
        panes=2 if crowd else dice.count(2, 3) if touching else 1,
        style="arch" if not touching and dice.chance(0.3) else "box",
        shutters=not crowd and dice.chance(0.4),
        balconies=0.0 if crowd else dice.one_of((0.0, 0.5, 0.8)),
        joined=touching and dice.chance(0.5),
    )


def _stuff(dice: Dice, wall: Box) -> list[Object]:
    day = dice.color((0.54, 0.62), (0.4, 0.65), (0.75, 0.95))
    haze = mix(day, (0.95, 0.92, 0.86), dice.between(0.55, 0.85))
    plaster = dice.color((0.02, 0.14), (0.15, 0.5), (0.6, 0.92))
    slate = dice.color((0.0, 0.06), (0.25, 0.6), (0.35, 0.6))
    stone = mix(plaster, (0.9, 0.88, 0.84), 0.6)
    paved = dice.color((0.05, 0.15), (0.03, 0.15), (0.4, 0.6))
    bricks = dice.chance(0.5)
    coat = Finish(ROUGH, columns=12, rows=28, joint=0.25, bond=True) if bricks else Finish(ROUGH)
    tiles = Finish((0.05, 0.05, 0.08), columns=40, rows=6, joint=0.3, bond=True)
    ledge = Finish(SMOOTH, bulge=0.4)
    eaves = Box(max(0.0, wall.left - 0.02), wall.top - 0.09, min(1.0, wall.right + 0.02), wall.top)
    pavement = Finish((0.05, 0.05, 0.1), columns=9, rows=2, joint=0.2)
    bands = [Box(wall.left, wall.top, wall.right, wall.top + 0.025)]
    if dice.chance(0.6):
        bands.append(Box(wall.left, wall.bottom - 0.025, wall.right, wall.bottom))

    def stuff(name: str, depth: float, *parts: Part, lit: bool = True) -> Object:
        return Object(THEME.id(name), None, depth, parts, lit)

    everywhere = Box(0, 0, 1, 1)
    street = Box(0, wall.bottom, 1, 1)
    dirt = scale_color(plaster, 0.75)
    return [
        stuff("sky", 0, Part(everywhere, day, haze, finish=Finish((0.08, 0.05, 0.0))), lit=False),
        stuff(
            "ground",
            1,
            Part(street, scale_color(paved, 0.8), scale_color(paved, 1.15), finish=pavement),
        ),
        stuff("wall", 1, Part(wall, plaster, dirt, finish=coat)),
        stuff("roof", 1, Part(eaves, slate, scale_color(slate, 0.8), "taper", tiles)),
        stuff(
            "cornice",
            2,
            *(Part(band, stone, scale_color(stone, 0.8), finish=ledge) for band in bands),
        ),
    ]


def _opening(front: Front, cell: Box, frame: Color) -> list[tuple[str, float, list[Part]]]:
    """The windows of a cell and their shutters."""
    room = 0.29 if front.shutters else 0.2 if front.panes == 1 else 0.1
    hole = cell.inside(room, 0.24, 1 - room, 0.84)
    edges = [hole.left + (hole.right - hole.left) * n / front.panes for n in range(front.panes)]
    edges.append(hole.right)
    found: list[tuple[str, float, list[Part]]] = []
    for left, right in pairwise(edges):
        box = hole._replace(left=left, right=right)
        found.append(("window", 3, _window(front.dice, box, frame, front.style)))
    if front.shutters:
        dice, slats = front.dice, Finish(SMOOTH, rows=9, joint=0.4)
        family = dice.between(0, 1)
        for left, right in ((0.09, room), (1 - room, 0.91)):
            box = cell.inside(left, 0.24, right, 0.84)
            paint = dice.color((family - 0.15, family + 0.15), (0.4, 0.9), (0.3, 0.8))
            found.append(("shutter", 3, [Part(box, paint, scale_color(paint, 0.85), finish=slats)]))
    return found


def _window(dice: Dice, box: Box, frame: Color, style: Outline) -> list[Part]:
    """A frame, and glass before a curtain or blind of the window's own color."""
    inner = dice.color((0, 1), (0.3, 0.95), (0.15, 0.85))
    glass = Finish((0.0, 0.03, 0.03), gloss=0.7)
    wood = scale_color(frame, dice.between(0.85, 1.05))
    low = dice.between(0.3, 0.7)
    pane = box.inside(0.14, 0.1, 0.86, 0.92)
    parts = [
        Part(box, wood, scale_color(wood, 0.9), style, Finish(SMOOTH)),
        Part(pane, (0.2, 0.26, 0.34), (0.1, 0.12, 0.17), style, glass),
    ]
    if style == "box":
        parts.append(
            Part(box.inside(0.14, 0.1, 0.86, low), inner, scale_color(inner, 0.75), finish=glass)
        )
    else:
        parts[1] = replace(parts[1], color=inner, foot=scale_color(inner, 0.4))
    parts.append(Part(box.inside(0.46, 0.1, 0.54, 0.92), wood))
    parts.append(Part(box.inside(0.0, 0.92, 1.0, 1.0), scale_color(wood, 0.8)))
    return parts


def _door(dice: Dice, cell: Box, frame: Color) -> list[Part]:
    paint = dice.color((0, 1), (0.45, 0.95), (0.3, 0.75))
    box = cell.inside(0.24, 0.2, 0.76, 1.0)
    style: Outline = dice.one_of(("arch", "box"))
    boards = Finish(SMOOTH, columns=dice.count(2, 5), joint=0.3)
    light = Finish((0.0, 0.03, 0.03), gloss=0.7)
    return [
        Part(box, frame, scale_color(frame, 0.8), style),
        Part(box.inside(0.12, 0.08, 0.88, 1.0), paint, scale_color(paint, 0.8), style, boards),
        Part(box.inside(0.24, 0.18, 0.76, 0.38), (0.25, 0.3, 0.36), None, style, light),
        Part(box.inside(0.72, 0.6, 0.82, 0.66), (0.85, 0.75, 0.35)),
    ]


def _balcony(front: Front, cell: Box) -> list[Part]:
    """A slab and its railing, before the lower part of the opening."""
    dice, margin = front.dice, 0.0 if front.joined else 0.06
    paint = dice.color((0, 1), (0.25, 0.9), (0.25, 0.85))
    bars = Finish(SMOOTH, columns=dice.count(5, 9), joint=0.55)
    slab = (0.72, 0.7, 0.66)
    return [
        Part(
            cell.inside(margin, 0.64, 1 - margin, 0.9), paint, scale_color(paint, 0.8), finish=bars
        ),
        Part(cell.inside(margin, 0.62, 1 - margin, 0.67), scale_color(paint, 0.6)),
        Part(cell.inside(margin, 0.88, 1 - margin, 0.95), slab, scale_color(slab, 0.7)),
    ]
