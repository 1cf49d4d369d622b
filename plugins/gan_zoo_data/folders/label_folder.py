"""Folders of label maps, instance maps and photos, matched by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gan_zoo.components import DataError, remembered
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.files.segments import read_segments
from gan_zoo_data.folders.layouts import Folders, Place
from gan_zoo_data.folders.listing import Listing, list_pictures, passed_over, refuse_mistakes
from gan_zoo_data.folders.map_folders import SEGMENTS, find_map_folders, places_around
from gan_zoo_data.folders.names import call_alike
from gan_zoo_data.folders.schemes import Scheme, cut_scheme, find_scheme, of_map, say_no_common
from gan_zoo_data.roots import Root, input_maps, list_inputs
from gan_zoo_data.samples import Samples
from gan_zoo_data.surveys import WORDS

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

FOLDERS = {"label": "_label", "instance": "_inst", "target": "_img"}  # what follows the split


@dataclass(frozen=True)
class LabelFolder(Root):
    """A root with splits of label maps, instance maps and photos.

    Args:
        kinds: Map -> mode of its files, or what their ids may be; a sample has these maps.
        suffixes: Map -> what its files' names end in; one of the known ones if absent.
        layout: `find` one, or map -> its folder.
    """

    kinds: Mapping[str, Mode | Ids]
    suffixes: Mapping[str, str] | None
    layout: str | Folders = "find"

    @property
    def segments(self) -> Ids | None:
        """The rule of label maps, where they are panoptic ones: their colors are segments, whose
        categories are told by a file beside their folder.
        """
        rule = self.kinds["label"]
        return rule if isinstance(rule, Ids) and rule.rgb24 else None

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The samples of a split, and what has no place or no partner."""
        place = self._place(split)
        folders = place.folders
        listed = {folder: list_pictures(folder) for folder in {*folders.values()}}
        whole = {name: listed[folder] for name, folder in folders.items()}
        scheme = find_scheme(whole["label"], self.suffixes)
        listings = {name: of_map(found, name, scheme) for name, found in whole.items()}
        mistakes = [line for found in listings.values() for line in found.mistakes]
        stems, alike = {}, []
        for name, found in listings.items():
            stems[name], odd = cut_scheme(found, name, scheme, whole=whole[name])
            if odd and not stems[name]:
                mistakes = [line for line in mistakes if line not in found.mistakes]
            mistakes += odd
            if name != "label":
                stems[name], said = call_alike(stems["label"], stems[name])
                alike += [f"{said} in {folders[name].name}"] * bool(said)
        mistakes += self._partners(listings, stems, scheme.suffixes)
        kinds = self._kinds(folders["label"])
        untold = _untold(stems["label"], kinds["label"])
        mistakes += untold.values()
        names = tuple(
            stem
            for stem in stems["label"]
            if all(stem in s for s in stems.values()) and stem not in untold
        )
        places = ", ".join(
            f"{name} = {folder.relative_to(self.root).as_posix()}"
            for name, folder in folders.items()
        )
        ends = f" without the endings of {scheme.name}" if scheme.name else ""
        samples = Samples(
            names=names,
            files={name: tuple(stems[name][stem] for stem in names) for name in self.kinds},
            kinds=kinds,
            said=f"{len(names)} label map{'s' * (len(names) != 1)} in {self.root}, "
            f"matched by name{ends}: {places}",
            notes=(*alike, *passed_over(*_once(listings))),
        )
        return samples, list(dict.fromkeys(mistakes))

    def layout_of(self, split: str) -> str:
        """The folders of the maps, and who says so."""
        found = "as the recipe says" if self.layout != "find" else "found by the folders' names"
        place = self._place(split)
        said = f"layout {', '.join(dict.fromkeys(place.layout.values()))}, {found}"
        if not self.segments:
            return said
        told = read_segments(place.folders["label"])
        file = told.file.relative_to(self.root).as_posix()
        return f"{said}; label ids are the categories that {file} gives the segments"

    def _place(self, split: str) -> Place:
        key = f"maps {[*self.kinds]} of {split} in {self.root} as {self._where}"
        return remembered(
            key, lambda: find_map_folders(self.root, split, [*self.kinds], self._where)
        )

    @property
    def _where(self) -> str | Folders:
        """The layouts that are looked for."""
        return SEGMENTS if self.segments and self.layout == "find" else self.layout

    def _kinds(self, labels: Path) -> Mapping[str, Mode | Ids]:
        """What the files of a split may be, of which label maps lie in a folder.

        Raises:
            DataError: nothing tells the categories of its segments.
        """
        rule = self.segments
        if rule is None:
            return self.kinds
        return {**self.kinds, "label": replace(rule, segments=read_segments(labels))}

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
        if path.exists():
            self._refuse_other_folders(path, names[0])
        found = list_inputs(path)
        scheme = find_scheme(found, self.suffixes, names[0])
        found = of_map(found, names[0], scheme)
        mistakes = found.mistakes
        files: dict[str, list[Path]] = {names[0]: list(found.files.values())}
        for name in names[1:]:
            beside, odd = self._beside(found, names[0], name, scheme)
            files[name] = beside
            mistakes = [*mistakes, *odd]
        kinds = self.kinds
        if self.segments and "label" in files:
            labels = found.folder
            if names[0] != "label":
                _, labels = self._folders_beside(found, names[0], "label")
            kinds = self._kinds(labels)
            told = {str(path): path for path in files["label"]}
            mistakes = [*mistakes, *_untold(told, kinds["label"]).values()]
        refuse_mistakes(mistakes)
        kind = WORDS.get(names[0], "photo")
        others = "".join(f", {WORDS[name]}s beside" for name in names[1:])
        return Samples(
            names=tuple(found.files),
            files={name: tuple(paths) for name, paths in files.items()},
            kinds={name: kinds[name] for name in names},
            said=f"{len(found.files)} {kind}{'s' * (len(found.files) != 1)} in {path}" + others,
            notes=tuple(passed_over(found)),
            fixed=True,
        )

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
        found = [say_no_common(listings["label"], listings[name], name) for name in apart]
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
        folder = path if path.is_dir() else path.parent
        inside = folder.resolve()
        places = places_around(self.root, folder, [first], self._where)
        within = [
            place.folders[first]
            for place in places
            if inside != (own := place.folders[first].resolve()) and own.is_relative_to(inside)
        ]
        if within and folder == path:
            raise DataError(f"{path} holds the splits of the data; name one, as {within[-1]}")
        others = [name for name in FOLDERS if name != first]
        kin: Path | None = None
        for name in others:
            for place in places_around(self.root, folder, [first, name], self._where):
                own, other = place.folders[first].resolve(), place.folders[name].resolve()
                if own != other and inside.is_relative_to(other) and not inside.is_relative_to(own):
                    kin = place.folders[first]
            if folder.name.endswith(FOLDERS[name]):
                kin = folder.with_name(folder.name.removesuffix(FOLDERS[name]) + FOLDERS[first])
            if kin is not None:
                kind = WORDS.get(name, "photo")
                came = f"a folder of {kind}s" if folder == path else f"one of the {kind}s"
                raise DataError(
                    f"{path} is {came}, but the model reads {WORDS.get(first, 'photo')}s; name "
                    f"{kin}" + " or a file in it" * (folder != path)
                )

    def _beside(
        self, found: Listing, first: str, name: str, scheme: Scheme
    ) -> tuple[list[Path], list[str]]:
        """The other maps of these files, and one message for each that is not there."""
        place, folder = self._folders_beside(found, first, name)
        listed = list_pictures(folder) if folder.is_dir() else Listing(folder)
        there = of_map(listed, name, scheme).files
        paths, odd = [], []
        for path in found.files.values():
            stem = path.absolute().relative_to(place).with_suffix("").as_posix()
            wanted = stem.removesuffix(scheme.suffixes[first]) + scheme.suffixes[name]
            if wanted in there:
                paths.append(there[wanted])
            else:
                odd.append(
                    f"{path}: the model asks for its {WORDS[name]} too; looked for "
                    f"{folder / wanted}.*. Put it there"
                )
        return paths, odd

    def _folders_beside(self, found: Listing, first: str, name: str) -> tuple[Path, Path]:
        """The folder of a split that these files lie in, and that of another map.

        Raises:
            DataError: there is none.
        """
        absolute = found.folder.absolute()
        for place in places_around(self.root, found.folder, [first, name], self._where):
            for around in (absolute, *absolute.parents):
                if around.resolve() == place.folders[first].resolve():
                    return around, place.folders[name]
        if self._where == SEGMENTS and name == "instance":
            return absolute, absolute  # panoptic maps, wherever they lie
        for around in (absolute, *absolute.parents):
            if around.name.endswith(FOLDERS[first]):
                kin = around.name.removesuffix(FOLDERS[first]) + FOLDERS[name]
                return around, around.with_name(kin)
        listed = next(iter(found.files.values()), found.folder)
        raise DataError(
            f"{listed}: the model asks for its {WORDS[name]} too, which is looked for in a "
            f"folder *{FOLDERS[name]} beside a folder *{FOLDERS[first]}; put the files into "
            f"such folders, or give the maps by name from Python: {{'{first}': ..., "
            f"'{name}': ...}}"
        )


def _untold(labels: Mapping[str, Path], rule: Mode | Ids) -> dict[str, str]:
    """Key -> a message, of each panoptic map of which nothing is told, or another's."""
    known = rule.segments if isinstance(rule, Ids) else None
    if known is None:
        return {}
    told: dict[str, str] = {}
    first: dict[str, Path] = {}
    for stem, path in labels.items():
        key = known.key(path)
        if key is None:
            told[stem] = f"{path}: {known.file} says nothing of it; take it out, or get both again"
        elif first.setdefault(key, path) != path:
            told[stem] = (
                f"{path} and {first[key]} are both called {key} by {known.file}; keep one, or "
                "write their folders into its `file_name`"
            )
    return told


def _once(listings: Mapping[str, Listing]) -> list[Listing]:
    """One listing a folder, which left alone what no map of it took."""
    first: dict[Path, Listing] = {}
    for found in listings.values():
        place = found.folder.resolve()
        before = first.setdefault(place, found)
        first[place] = replace(before, left=before.left & found.left)
    return [*first.values()]
