"""Folders of label maps, instance maps and photos, matched by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.components import DataError
from gan_zoo_data.ids import Ids
from gan_zoo_data.layouts import (
    Listing,
    find_splits,
    list_content,
    list_pictures,
    name_skipped,
    name_splits,
    no_folder,
    refuse_mistakes,
)
from gan_zoo_data.roots import Root, input_maps, list_inputs
from gan_zoo_data.samples import WORDS, Samples

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

FOLDERS = {"label": "_label", "instance": "_inst", "target": "_img"}  # what follows the split
LONGEST = 40  # letters of an ending that is looked for
# What the names of known data end in: the first line that fits most label maps, or the last.
SUFFIXES: dict[str, dict[str, str]] = {
    "Cityscapes": {
        "label": "_gtFine_labelIds",
        "instance": "_gtFine_instanceIds",
        "target": "_leftImg8bit",
    },
    "Cityscapes, train ids": {
        "label": "_gtFine_labelTrainIds",
        "instance": "_gtFine_instanceIds",
        "target": "_leftImg8bit",
    },
    "": {"label": "", "instance": "", "target": ""},
}


@dataclass(frozen=True)
class LabelFolder(Root):
    """A root with splits of label maps, instance maps and photos.

    Args:
        kinds: Map -> mode of its files, or what their ids may be; a sample has these maps.
        suffixes: Map -> what its files' names end in; one of the known ones if absent.
    """

    kinds: Mapping[str, Mode | Ids]
    suffixes: Mapping[str, str] | None

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The samples of a split, and what has no place or no partner."""
        folders = self._folders(split)
        listings = {name: list_pictures(folder) for name, folder in folders.items()}
        mistakes = [line for found in listings.values() for line in found.mistakes]
        scheme, suffixes = self._scheme(listings["label"])
        stems = {}
        for name, found in listings.items():
            stems[name], odd = _stripped(found, suffixes[name], scheme)
            mistakes += odd
        mistakes += self._partners(listings, stems, suffixes)
        names = tuple(stem for stem in stems["label"] if all(stem in s for s in stems.values()))
        places = ", ".join(f"{name} = {folder.name}" for name, folder in folders.items())
        ends = f" without the endings of {scheme}" if scheme else ""
        samples = Samples(
            names=names,
            files={name: tuple(stems[name][stem] for stem in names) for name in self.kinds},
            kinds=self.kinds,
            geometry=self.geometry,
            said=f"{len(names)} label map{'s' * (len(names) != 1)} in {self.root}, "
            f"matched by name{ends}: {places}{name_skipped(*listings.values())}",
        )
        return samples, mistakes

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The label maps at a path, with the instance maps beside them where they are asked for;
        or, where the target is asked for too, photos with their maps beside them.

        Raises:
            DataError: there is no label map, or no instance map where one is asked for.
        """
        if pairs:
            raise DataError(
                f"{path}: --pairs takes a half of pictures that stand side by side; label maps lie "
                "in files of their own, so leave it out"
            )
        names = sorted(input_maps(self.kinds, maps), key=lambda name: name != "target")
        self._refuse_other_folders(path, names[0])
        found = list_inputs(path)
        mistakes = found.mistakes
        files: dict[str, list[Path]] = {names[0]: list(found.files.values())}
        for name in names[1:]:
            beside, odd = self._beside(found, names[0], name)
            files[name] = beside
            mistakes = [*mistakes, *odd]
        refuse_mistakes(mistakes)
        kind = WORDS.get(names[0], "photo")
        others = "".join(f", {WORDS[name]}s beside" for name in names[1:])
        return Samples(
            names=tuple(found.files),
            files={name: tuple(paths) for name, paths in files.items()},
            kinds={name: self.kinds[name] for name in names},
            said=f"{len(found.files)} {kind}{'s' * (len(found.files) != 1)} in {path}"
            + others
            + name_skipped(found),
            fixed=True,
        )

    def _folders(self, split: str) -> dict[str, Path]:
        """The folder of each map.

        Raises:
            DataError: one is not there.
        """
        if not self.root.is_dir():
            raise DataError(no_folder(self.root))
        folders = {name: self.root / f"{split}{FOLDERS[name]}" for name in self.kinds}
        there = [folder for folder in folders.values() if folder.is_dir()]
        if not there:
            looked = ", ".join(f"{folder.name}/" for folder in folders.values())
            others = find_splits(self.root, [f"{{split}}{FOLDERS[name]}" for name in self.kinds])
            raise DataError(
                f"{self.root} has no split '{split}': looked for {looked}; found "
                f"{list_content(self.root)}{name_splits(others)}. Name another folder with --data "
                "DIR, or name the folders so"
            )
        for name, folder in folders.items():
            if not folder.is_dir():
                without = ", or say `instance: false`" if name == "instance" else ""
                raise DataError(
                    f"{there[0]} has no {folder} beside it; put the {WORDS.get(name, 'photo')}s "
                    f"there, with the same names{without}"
                )
        return folders

    def _scheme(self, found: Listing, of: str = "label") -> tuple[str, Mapping[str, str]]:
        """What the names end in: as the recipe says, or as the files of a map show."""
        if self.suffixes is not None:
            return "the recipe", {**dict.fromkeys(FOLDERS, ""), **self.suffixes}
        for scheme, suffixes in SUFFIXES.items():
            fitting = sum(stem.endswith(suffixes[of]) for stem in found.files)
            if 2 * fitting > len(found.files):
                return scheme, suffixes
        return "", SUFFIXES[""]

    def _partners(
        self,
        listings: Mapping[str, Listing],
        stems: Mapping[str, Mapping[str, Path]],
        suffixes: Mapping[str, str],
    ) -> list[str]:
        """One message for each file that lacks another of its sample, or for two folders of which
        all do.
        """
        apart = [
            name
            for name in self.kinds
            if stems["label"] and stems[name] and not stems["label"].keys() & stems[name].keys()
        ]
        found = [_no_common(listings["label"], listings[name], name) for name in apart]
        for name in self.kinds:
            for other in self.kinds if name == "label" else ("label",):
                if other == name or {name, other} & {*apart} or not stems[other]:
                    continue
                without = ", or say `instance: false`" if other == "instance" else ""
                for stem in stems[name].keys() - stems[other].keys():
                    place = listings[other].folder / f"{stem}{suffixes[other]}.*"
                    found.append(
                        f"{stems[name][stem]} has no {WORDS.get(other, 'photo')} {place}; "
                        f"add it, or take this file out{without}"
                    )
        return sorted(found)

    def _refuse_other_folders(self, path: Path, first: str) -> None:
        """Refuse the root, and folders of other maps."""
        ending = FOLDERS[first]
        if path.resolve() == self.root.resolve():
            splits = sorted(p.name for p in path.glob(f"*{ending}") if p.is_dir())
            if splits:
                raise DataError(
                    f"{path} holds the splits of the data; name one, as {path / splits[0]}"
                )
        for name, other in FOLDERS.items():
            folder = path if path.is_dir() else path.parent
            if name != first and folder.name.endswith(other):
                kin = folder.with_name(folder.name.removesuffix(other) + ending)
                kind = WORDS.get(name, "photo")
                came = f"a folder of {kind}s" if folder == path else f"one of the {kind}s"
                raise DataError(
                    f"{path} is {came}, but the model reads {WORDS.get(first, 'photo')}s; name "
                    f"{kin}" + " or a file in it" * (folder != path)
                )

    def _beside(self, found: Listing, first: str, name: str) -> tuple[list[Path], list[str]]:
        """The other maps of these files, and one message for each that is not there."""
        place = _named(found.folder, FOLDERS[first])
        if place is None:
            listed = next(iter(found.files.values()), found.folder)
            raise DataError(
                f"{listed}: the model asks for its {WORDS[name]} too, which is looked for in a "
                f"folder *{FOLDERS[name]} beside a folder *{FOLDERS[first]}; put the files into "
                f"such folders, or give the maps by name from Python: {{'{first}': ..., "
                f"'{name}': ...}}"
            )
        folder = place.with_name(place.name.removesuffix(FOLDERS[first]) + FOLDERS[name])
        there = list_pictures(folder).files if folder.is_dir() else {}
        _, suffixes = self._scheme(found, first)
        paths, odd = [], []
        for path in found.files.values():
            stem = path.absolute().relative_to(place).with_suffix("").as_posix()
            wanted = stem.removesuffix(suffixes[first]) + suffixes[name]
            if wanted in there:
                paths.append(there[wanted])
            else:
                odd.append(
                    f"{path}: the model asks for its {WORDS[name]} too; looked for "
                    f"{folder / wanted}.*. Put it there"
                )
        return paths, odd


def _stripped(found: Listing, suffix: str, scheme: str) -> tuple[dict[str, Path], list[str]]:
    """Name without its ending -> file, and a message for each that does not end so, or for all."""
    stems, odd = {}, []
    said = "`suffixes` says" if scheme == "the recipe" else f"the names of {scheme} do"
    for stem, path in found.files.items():
        if stem.endswith(suffix):
            stems[stem.removesuffix(suffix)] = path
        else:
            cure = "correct `suffixes`" if scheme == "the recipe" else "say `suffixes`"
            odd.append(
                f"{path} does not end in {suffix}, as {said}; rename it, take it out, or {cure}"
            )
    if len(odd) > 1 and not stems:
        first = next(iter(found.files.values()))
        return {}, [
            f"no name in {found.folder} ends in {suffix}, as {said}: {first.name}, ...; correct "
            "`suffixes`"
        ]
    return stems, odd


def _no_common(labels: Listing, others: Listing, name: str) -> str:
    """The message for two folders whose files have no name in common."""
    mine, theirs = (next(iter(found.files)) for found in (labels, others))
    ending = _endings([*labels.files], [*others.files])
    told = "`suffixes`"
    if ending:
        label, other = (one or "''" for one in ending)
        told = f"`suffixes: {{label: {label}, {name}: {other}}}`"
    return (
        f"{labels.folder} and {others.folder} have no name in common: {mine}, ... and {theirs}, "
        f"...; what names end in may differ if the data says so: {told}"
    )


def _endings(labels: list[str], others: list[str]) -> tuple[str, str] | None:
    """The shortest endings without which most of two lists of names are the same."""
    best, rank = None, (0, 0)
    for one in _common(labels):
        stems = {label.removesuffix(one) for label in labels}
        for other in _common(others):
            shared = len(stems & {name.removesuffix(other) for name in others})
            whole = sum(ending[:1] in ("", "_", "-", ".", " ") for ending in (one, other))
            if 2 * shared > len(labels) and (shared, whole) > rank:
                best, rank = (one, other), (shared, whole)
    return best


def _common(names: list[str]) -> list[str]:
    """The endings that names of one list share, shortest first; the empty one is among them."""
    first = min(names, key=len)
    found = [""]
    for length in range(1, min(len(first), LONGEST) + 1):
        if not all(name.endswith(first[-length:]) for name in names):
            break
        found.append(first[-length:])
    return found


def _named(folder: Path, ending: str) -> Path | None:
    """The folder itself or the nearest around it that ends so."""
    absolute = folder.absolute()
    for place in (absolute, *absolute.parents):
        if place.name.endswith(ending):
            return place
    return None
