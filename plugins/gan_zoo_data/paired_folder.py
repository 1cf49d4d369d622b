"""Folders of paired pictures: open a split, or take its sources to translate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gan_zoo.components import DataError
from gan_zoo_data.layouts import (
    Listing,
    Side,
    find_sides,
    list_pictures,
    missing_partners,
    name_skipped,
    refuse_mistakes,
)
from gan_zoo_data.roots import Root, list_inputs
from gan_zoo_data.samples import Samples

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

SPLITS = ("train", "val", "test")  # folders in which `inputs` expects pictures side by side
HALF = {"A": "left", "B": "right"}


@dataclass(frozen=True)
class PairedFolder(Root):
    """A root with splits of paired pictures.

    Args:
        direction: Which side is the source.
        modes: Modes of source and target.
    """

    direction: Literal["a_to_b", "b_to_a"]
    modes: Mapping[str, Mode]

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The pairs of a split, and what has no place or no partner."""
        folders = find_sides(self.root, split)
        sides = self._sides()
        if folders.side_by_side:
            both = list_pictures(folders.a)
            listings: dict[Side, Listing] = {"A": both, "B": both}
            mistakes, skipped = both.mistakes, name_skipped(both)
            kinds = [f"{name} = {HALF[side]} half ({side})" for name, side in sides.items()]
            where = f"{folders.a}, side by side: {', '.join(kinds)}"
        else:
            listings = {"A": list_pictures(folders.a), "B": list_pictures(folders.b)}
            a, b = listings.values()
            mistakes, skipped = a.mistakes + b.mistakes + missing_partners(a, b), name_skipped(a, b)
            kinds = [f"{name} = {listings[side].folder}" for name, side in sides.items()]
            where = f"{self.root}, matched by name: {', '.join(kinds)}"
        names = tuple(stem for stem in listings["A"].files if stem in listings["B"].files)
        found = Samples(
            names=names,
            files={
                name: tuple(listings[side].files[stem] for stem in names)
                for name, side in sides.items()
            },
            kinds=self.modes,
            halves=sides if folders.side_by_side else {},
            geometry=self.geometry,
            said=f"{len(names)} pair{'s' * (len(names) != 1)} in {where}{skipped}",
        )
        return found, mistakes

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The pictures at a path as sources, whole or the source half, at their own size.

        Raises:
            DataError: there is no picture, a file that is none, or pairs that nobody asked for.
        """
        found = list_inputs(path)
        refuse_mistakes(found.mistakes)
        half = self._sides()["source"]
        if self._holds_pairs(path) and not pairs:
            raise DataError(
                f"{path} holds pairs side by side, as in training; --pairs takes the source half, "
                "or name a folder of source pictures"
            )
        count = f"{len(found.files)} picture{'s' * (len(found.files) != 1)} in {path}"
        said = f"{count}, whole"
        if pairs:
            said = f"{count}, {HALF[half]} half ({half}) of each: side by side, as asked"
        return Samples(
            names=tuple(found.files),
            files={"source": tuple(found.files.values())},
            kinds={"source": self.modes["source"]},
            halves={"source": half} if pairs else {},
            said=said + name_skipped(found),
            fixed=True,
        )

    def _sides(self) -> dict[str, Side]:
        if self.direction == "a_to_b":
            return {"source": "A", "target": "B"}
        return {"source": "B", "target": "A"}

    def _holds_pairs(self, path: Path) -> bool:
        """Whether a path lies in a side-by-side split of the root.

        Raises:
            DataError: it is the root itself, which holds several splits.
        """
        root, inside = self.root.resolve(), path.resolve()
        if not inside.is_relative_to(root):
            return False
        parts = inside.relative_to(root).parts
        splits = [split for split in SPLITS if (root / split).is_dir()]
        if not parts and splits:
            raise DataError(
                f"{path} holds the splits of the data; name one, as {path / splits[-1]}"
            )
        return bool(parts) and parts[0] in splits and find_sides(root, parts[0]).side_by_side
