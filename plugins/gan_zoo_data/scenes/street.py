"""The theme `street`: a street seen from across, traffic and trees before its houses.

Stuff: sky, road, sidewalk, building. Things: car, person, tree, pole. Where instances touch, cars
are parked bumper to bumper, people stand in a group or trees in a grove.
"""

from __future__ import annotations

from collections.abc import Callable

from gan_zoo_data.scenes.dice import Dice, mix, scale_color
from gan_zoo_data.scenes.graph import Box, Finish, Object, Part
from gan_zoo_data.scenes.themes import THEMES, Mood

THEME = THEMES["street"]
GAP = 0.025  # at least so much lies between things of a class that do not touch
FAR, NEAR = 0.6, 0.88  # where the road begins and ends, from the top
MATT = (0.02, 0.03, 0.03)
Maker = Callable[[Dice, Box], list[Part]]


class Stand:
    """The things that stand in the street so far.

    Args:
        dice: Where choices come from.
    """

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.objects: list[Object] = []
        self.boxes: dict[str, list[Box]] = {name: [] for name in THEME.things}

    def put(self, name: str, box: Box) -> None:
        """A thing in a box, in front of all that ends higher up."""
        parts = tuple(MAKERS[name](self.dice, box))
        number = len(self.boxes[name])
        self.objects.append(Object(THEME.id(name), number, 2 + box.bottom, parts))
        self.boxes[name].append(box)

    def place(self, name: str, wanted: int) -> None:
        """So many things as there is room for, each apart from all others of its class."""
        for _ in range(4 * wanted):
            if wanted == 0:
                return
            box = _box(self.dice, name)
            if all(box.apart(other, GAP) for other in self.boxes[name]):
                self.put(name, box)
                wanted -= 1


def compose(dice: Dice, mood: Mood) -> list[Object]:
    """The objects of a scene, numbered from 0 in each class."""
    objects = _stuff(dice)
    if mood == "empty":
        return objects
    stand = Stand(dice)
    if mood == "crowded":
        _crowd(stand)
    elif mood == "touching":
        dice.one_of((_parked, _group, _grove))(stand)
    for name, most in (("pole", 3), ("tree", 4), ("car", 5), ("person", 7)):
        least = 1 if name in ("car", "person") else 0
        stand.place(name, dice.count(least, most))
    return objects + stand.objects


def _stuff(dice: Dice) -> list[Object]:
    day = dice.color((0.54, 0.62), (0.35, 0.6), (0.75, 0.95))
    haze = mix(day, (0.96, 0.9, 0.84), dice.between(0.6, 0.9))
    asphalt = dice.color((0.55, 0.7), (0.02, 0.12), (0.3, 0.42))
    flags = dice.color((0.05, 0.13), (0.05, 0.2), (0.6, 0.78))
    slabs = Finish((0.04, 0.05, 0.08), columns=14, rows=2, joint=0.2)
    tar = Finish((0.06, 0.05, 0.14))
    paint = (0.85, 0.84, 0.78)
    lane = (FAR + NEAR) / 2

    def stuff(name: str, depth: float, *parts: Part, lit: bool = True) -> Object:
        return Object(THEME.id(name), None, depth, parts, lit)

    road = Part(
        Box(0, FAR, 1, NEAR), scale_color(asphalt, 0.85), scale_color(asphalt, 1.15), finish=tar
    )
    marks = [Part(Box(n / 5, lane - 0.008, n / 5 + 0.1, lane + 0.008), paint) for n in range(5)]
    walks = [
        Part(Box(0, top, 1, bottom), flags, scale_color(flags, 0.92), finish=slabs)
        for top, bottom in ((0.5, FAR), (NEAR, 1))
    ]
    curbs = [Part(Box(0, y, 1, y + 0.012), scale_color(flags, 0.6)) for y in (FAR - 0.012, NEAR)]
    sky = Part(Box(0, 0, 1, 1), day, haze, finish=Finish((0.1, 0.05, 0.0)))
    return [
        stuff("sky", 0, sky, lit=False),
        stuff("sidewalk", 1, *walks, *curbs),
        stuff("road", 1, road, *marks),
        *_houses(dice),
    ]


def _houses(dice: Dice) -> list[Object]:
    """A row of houses of several heights, now and then with a gap between them."""
    houses, left = [], dice.between(-0.2, 0.0)
    while left < 1:
        right = left + dice.between(0.18, 0.38)
        box = Box(max(left, 0), dice.between(0.08, 0.32), min(right, 1), 0.5)
        wall = dice.color((0.0, 0.14), (0.15, 0.5), (0.5, 0.85))
        rooms = max(1, round((box.right - box.left) / 0.065))
        floors = max(2, round((0.5 - box.top) / 0.075))
        coat = Finish((0.06, 0.05, 0.05))
        parts = [Part(box, wall, scale_color(wall, 0.8), finish=coat)]
        parts.append(Part(box._replace(bottom=box.top + 0.015), scale_color(wall, 0.6)))
        glass = Finish((0.0, 0.04, 0.04), gloss=0.5)
        for floor in range(floors):
            top = (floor + 0.4) / (floors + 0.2)
            for room in range(rooms):
                hole = box.inside(
                    (room + 0.25) / rooms, top, (room + 0.75) / rooms, top + 0.55 / (floors + 0.2)
                )
                parts.append(Part(hole, scale_color(wall, 0.45), finish=glass))
        houses.append(Object(THEME.id("building"), None, 1, tuple(parts)))
        left = right + (dice.between(0.04, 0.12) if dice.chance(0.25) else 0.0)
    return houses


def _box(dice: Dice, name: str) -> Box:
    """Where a thing could stand: its size goes with its distance, which its foot tells."""
    if name == "car":
        foot = dice.one_of((dice.between(0.64, 0.67), dice.between(0.8, 0.86)))
        high, wide = 0.17 * foot, dice.between(0.25, 0.33) * foot
    elif name == "person":
        near = dice.chance(0.5)
        foot = dice.between(0.92, 0.99) if near else dice.between(0.54, 0.6)
        high, wide = dice.between(0.24, 0.29) * foot, 0.085 * foot
    elif name == "tree":
        foot = dice.between(0.53, 0.58)
        high, wide = dice.between(0.26, 0.38), dice.between(0.14, 0.2)
    else:
        near = dice.chance(0.4)
        foot = dice.between(0.9, 0.96) if near else dice.between(0.52, 0.58)
        high, wide = 0.75 * foot, 0.11 * foot
    left = dice.between(-0.3 * wide, 1 - 0.7 * wide)
    return Box(left, foot - high, left + wide, foot)


def _parked(stand: Stand) -> None:
    """Two to five cars at the far curb, whose bumpers meet or overlap a little."""
    dice = stand.dice
    count, left = dice.count(2, 5), dice.between(0.0, 0.15)
    foot, close = dice.between(0.64, 0.66), dice.one_of((0.0, 0.03))
    for _ in range(count):
        right = left + dice.between(0.16, 0.2)
        stand.put("car", Box(left, foot - 0.11, right, foot))
        left = right - close


def _group(stand: Stand) -> None:
    """Three to eight people who hide one another in part."""
    dice = stand.dice
    near = dice.chance(0.5)
    foot, left = (0.94 if near else 0.56), dice.between(0.02, 0.5)
    for _ in range(dice.count(3, 8)):
        high, wide = dice.between(0.25, 0.28) * foot, 0.09 * foot
        step = dice.between(0.0, 0.035)
        stand.put("person", Box(left, foot + step - high, left + wide, foot + step))
        left += dice.between(0.55, 0.8) * wide


def _grove(stand: Stand) -> None:
    """Two to four trees whose crowns meet."""
    dice, left = stand.dice, stand.dice.between(0.0, 0.3)
    for _ in range(dice.count(2, 4)):
        wide, foot = dice.between(0.17, 0.22), dice.between(0.53, 0.58)
        high = dice.between(0.3, 0.36)
        stand.put("tree", Box(left, foot - high, left + wide, foot))
        left += 0.6 * wide


def _crowd(stand: Stand) -> None:
    """More than a hundred people in rows, every head above the shoulders of the row before it."""
    dice = stand.dice
    for row in range(8):
        foot = 0.62 + 0.05 * row
        for place in range(17):
            left = 0.01 + 0.058 * place + dice.between(0, 0.008)
            y = foot + dice.between(0, 0.006)
            stand.put("person", Box(left, y - 0.13, left + 0.046, y))


# ---------------------------------------------------------------------------------- things


def _car(dice: Dice, box: Box) -> list[Part]:
    paint = dice.color((0, 1), (0.5, 0.95), (0.35, 0.9))
    dark, shine = (0.08, 0.08, 0.1), Finish(MATT, bulge=0.35, gloss=0.2)
    glass = Finish((0.0, 0.02, 0.02), gloss=0.8)
    sky, front = (0.3, 0.38, 0.46), dice.chance(0.5)
    lamps = [(0.95, 0.45, 1.0, 0.58), (0.0, 0.45, 0.05, 0.58)]
    white, red = lamps if front else lamps[::-1]
    return [
        Part(box.inside(0.16, 0.02, 0.84, 0.5), paint, scale_color(paint, 0.9), "taper", shine),
        Part(box.inside(0.25, 0.1, 0.75, 0.45), sky, scale_color(sky, 0.45), "taper", glass),
        Part(box.inside(0.48, 0.05, 0.53, 0.5), scale_color(paint, 0.8)),
        Part(box.inside(0.0, 0.4, 1.0, 0.84), paint, scale_color(paint, 0.55), finish=shine),
        Part(box.inside(*white), (0.98, 0.95, 0.75)),
        Part(box.inside(*red), (0.75, 0.08, 0.08)),
        *(Part(box.inside(x, 0.62, x + 0.2, 1.0), dark, None, "ellipse") for x in (0.11, 0.69)),
        *(
            Part(box.inside(x, 0.74, x + 0.08, 0.89), (0.6, 0.6, 0.62), None, "ellipse")
            for x in (0.17, 0.75)
        ),
    ]


def _person(dice: Dice, box: Box) -> list[Part]:
    shirt = dice.color((0, 1), (0.5, 1.0), (0.4, 0.95))
    trousers = dice.color((0, 1), (0.2, 0.6), (0.15, 0.5))
    skin = dice.color((0.05, 0.09), (0.3, 0.6), (0.45, 0.9))
    hair = dice.color((0.02, 0.1), (0.3, 0.8), (0.08, 0.45))
    cloth = Finish(MATT, bulge=0.4)
    return [
        Part(box.inside(0.15, 0.5, 0.48, 1.0), trousers, scale_color(trousers, 0.7), finish=cloth),
        Part(box.inside(0.52, 0.5, 0.85, 1.0), trousers, scale_color(trousers, 0.6), finish=cloth),
        Part(box.inside(0.0, 0.21, 1.0, 0.6), shirt, scale_color(shirt, 0.8), "arch", cloth),
        Part(box.inside(0.22, 0.0, 0.78, 0.25), hair, None, "ellipse"),
        Part(box.inside(0.25, 0.07, 0.75, 0.25), skin, scale_color(skin, 0.85), "ellipse", cloth),
    ]


def _tree(dice: Dice, box: Box) -> list[Part]:
    leaf = dice.color((0.12, 0.42), (0.45, 0.9), (0.35, 0.75))
    bark = (0.36, 0.26, 0.17)
    foliage = Finish((0.1, 0.15, 0.3), bulge=0.6)
    crowns = ((0.0, 0.22, 0.62, 0.7), (0.38, 0.25, 1.0, 0.72), (0.14, 0.0, 0.86, 0.5))
    return [
        Part(
            box.inside(0.42, 0.55, 0.58, 1.0),
            bark,
            scale_color(bark, 0.7),
            finish=Finish(bulge=0.5),
        ),
        *(
            Part(box.inside(*crown), leaf, scale_color(leaf, 0.6), "ellipse", foliage)
            for crown in crowns
        ),
    ]


def _pole(dice: Dice, box: Box) -> list[Part]:
    metal = dice.color((0, 1), (0.1, 0.7), (0.2, 0.5))
    tube = Finish(MATT, bulge=0.6)
    return [
        Part(box.inside(0.1, 0.03, 0.3, 1.0), metal, scale_color(metal, 0.8), finish=tube),
        Part(box.inside(0.1, 0.0, 1.0, 0.04), metal, finish=tube),
        Part(box.inside(0.55, 0.04, 1.0, 0.1), (0.95, 0.9, 0.65), (0.8, 0.7, 0.4)),
    ]


MAKERS: dict[str, Maker] = {"car": _car, "person": _person, "tree": _tree, "pole": _pole}
