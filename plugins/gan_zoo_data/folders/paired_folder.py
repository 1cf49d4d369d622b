"""Folders of paired pictures: open a split, or take its sources to translate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gan_zoo.components import DataError, remembered
from gan_zoo_data.folders.halves import look_at
from gan_zoo_data.folders.layouts import BESIDE, WITHIN, Folders, Place, Side, find_places
from gan_zoo_data.folders.listing import list_pictures, passed_over, refuse_mistakes
from gan_zoo_data.folders.partners import match_sides
from gan_zoo_data.folders.side_folders import find_sides
from gan_zoo_data.folders.whole_pictures import refuse_whole
from gan_zoo_data.roots import Root, list_inputs
from gan_zoo_data.samples import Samples
from gan_zoo_data.splits import SPLITS

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

AROUND = 3  # folders around a path in which a root is looked for
HALF = {"A": "left", "B": "right"}


@dataclass(frozen=True)
class PairedFolder(Root):
    """A root with splits of paired pictures.

    Args:
        direction: Which side is the source.
        modes: Modes of source and target.
        layout: `find` one and judge it, `side_by_side`, `unjudged`, or side -> its folder.
        suffixes: Side -> what its files' names end in; found if absent.
    """

    direction: Literal["a_to_b", "b_to_a"]
    modes: Mapping[str, Mode]
    layout: str | Folders = "find"
    suffixes: Mapping[str, str] | None = None

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The pairs of a split, and what has no place or no partner."""
        place = self._place(split)
        a, b = place.folders["A"], place.folders["B"]
        sides = self._sides()
        halved = a == b and not self.suffixes
        both = list_pictures(a)
        if halved:
            if self.layout == "find":
                refuse_whole(self.root, place, both)
            kinds = [f"{name} = {HALF[side]} half ({side})" for name, side in sides.items()]
            where = f"{a}, side by side: {', '.join(kinds)}"
            files: dict[str, Mapping[str, Path]] = {side: both.files for side in HALF}
            mistakes, notes = both.mistakes, passed_over(both)
        else:
            other = both if a == b else list_pictures(b)
            mine, theirs, mistakes, how, notes = match_sides(both, other, self.suffixes)
            inside = {s: of.relative_to(self.root).as_posix() for s, of in place.folders.items()}
            kinds = [f"{name} = {inside[side]}" for name, side in sides.items()]
            where = f"{self.root}, matched by name{how}: {', '.join(kinds)}"
            files = {"A": mine, "B": theirs}
        names = tuple(stem for stem in files["A"] if stem in files["B"])
        found = Samples(
            names=names,
            files={
                name: tuple(files[side][stem] for stem in names) for name, side in sides.items()
            },
            kinds=self.modes,
            halves=sides if halved else {},
            said=f"{len(names)} pair{'s' * (len(names) != 1)} in {where}",
            notes=tuple(notes),
        )
        return found, mistakes

    def layout_of(self, split: str) -> str:
        """The folders of the sides, or what shows two sides in each picture."""
        place = self._place(split)
        asked = "as the recipe says"
        if not place.one_folder:
            found = asked if isinstance(self.layout, Mapping) else "found by the folders' names"
            return f"layout {' and '.join(place.layout.values())}, {found}"
        if self.suffixes:
            return f"layout {place.layout['A']} with couples of names, {asked}"
        if self.layout != "find":
            return f"layout side_by_side, {asked}"
        return f"layout side_by_side: {look_at(list_pictures(place.folders['A'])).why}"

    def _place(self, split: str) -> Place:
        key = f"sides of {split} in {self.root} as {self.layout}"
        return remembered(key, lambda: find_sides(self.root, split, self.layout))

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The pictures at a path as sources, whole or the source half, at their own size.

        Raises:
            DataError: there is no picture, a file that is none, targets, a root, or pairs that
                nobody asked for.
        """
        half = self._sides()["source"]
        if path.exists():
            self._refuse_others(path, pairs=pairs)
        found = list_inputs(path)
        if self.suffixes and not pairs:
            ending = self.suffixes.get(self._sides()["target"].lower(), "")
            found = found.only(lambda stem: not ending or not stem.endswith(ending))
        refuse_mistakes(found.mistakes)
        count = f"{len(found.files)} picture{'s' * (len(found.files) != 1)} in {path}"
        said = f"{count}, whole"
        if pairs:
            said = f"{count}, {HALF[half]} half ({half}) of each: side by side, as asked"
        return Samples(
            names=tuple(found.files),
            files={"source": tuple(found.files.values())},
            kinds={"source": self.modes["source"]},
            halves={"source": half} if pairs else {},
            said=said,
            notes=tuple(passed_over(found)),
            fixed=True,
        )

    def _sides(self) -> dict[str, Side]:
        if self.direction == "a_to_b":
            return {"source": "A", "target": "B"}
        return {"source": "B", "target": "A"}

    def _refuse_others(self, path: Path, *, pairs: bool) -> None:
        """Refuse roots, folders of targets, and pairs that nobody asked for."""
        inside, mine = path.resolve(), self._sides()
        places = self._places(inside)
        for place in places:
            named = place.folders[mine["source"]]
            source, target = (place.folders[side].resolve() for side in mine.values())
            if inside != source and source.is_relative_to(inside):
                split = [other.folders[mine["source"]] for other in places]
                last = [other for other in split if other.resolve().is_relative_to(inside)][-1]
                raise DataError(f"{path} holds the splits of the data; name one, as {last}")
            if source != target and (
                inside.is_relative_to(target) or target.is_relative_to(inside)
            ):
                kind = "lies in the folder" if inside.is_relative_to(target) else "is the folder"
                kind = "is the folder" if inside == target else kind
                raise DataError(
                    f"{path} {kind} of targets, but the model reads sources; name {named}"
                )
            halved = source == target and not self.suffixes
            if halved and not pairs and inside.is_relative_to(source):
                raise DataError(
                    f"{path} holds pairs side by side, as in training; --pairs takes the source "
                    "half, or name a folder of source pictures"
                )

    def _places(self, inside: Path) -> list[Place]:
        """The usual splits of this root; of another one that a path is or lies in, those where
        each side has a folder of its own.
        """
        own, found = self.root.resolve(), []
        for split in SPLITS:
            if inside.is_relative_to(own):
                with suppress(DataError):  # who trains on it is told
                    found.append(find_sides(own, split, self.layout))
                continue
            for root in (inside, *inside.parents[:AROUND]):
                found += [
                    place for place in find_places(root, split, [*BESIDE, WITHIN], ("A", "B"), 2)
                ]
        return found
