"""What is looked at: a folder, about which all registered data is asked, or a recipe's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.data_at_hand import data_mistakes
from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.paths import expand_user
from gan_zoo.data_tools.folder_answers import find_reader
from gan_zoo.errors import DataError, UserError
from gan_zoo.recipe import text
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.registry.zoo import Zoo

USUAL = ("train", "val", "test")  # splits that are looked for beside those that a recipe reads


@dataclass
class Subject:
    """Data that is looked at.

    Args:
        name: As the user called it.
        spec: What reads it.
        why: What was seen that tells the layout.
        splits: Split -> its samples, of those that can be opened.
        notes: What was skipped or is odd.
        mistakes: Why training would fail, by file, as far as names tell.
        decode: Finds the rest, by headers and pixels.
        closed: Split -> why it cannot be opened, and whether a run reads it.
        zoo: Who knows what the data is called; what is installed if absent.
    """

    name: str
    spec: DataSpec
    why: str
    splits: dict[str, Dataset]
    notes: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    decode: Callable[[], Iterable[str]] = tuple
    closed: dict[str, tuple[str, bool]] = field(default_factory=dict)
    zoo: Zoo | None = None

    @property
    def section(self) -> str:
        """The lines of a recipe that read it."""
        return data_section(self.spec, self.zoo)

    def judge(self) -> tuple[list[str], list[str]]:
        """All notes, and why training would fail; each is said once. No file is read again where
        all samples have been read.
        """
        notes, mistakes = [*self.notes], [*dict.fromkeys([*self.mistakes, *self.decode()])]
        for split, (told, read) in self.closed.items():
            known = "\n".join(mistakes)
            new = [line.strip() for line in told.splitlines() if line.strip() not in known]
            if read:
                mistakes += new
            else:
                notes += [f"split '{split}': {line}" for line in new[:1]]
        return notes, mistakes

    def open(self, split: str, *, read: bool) -> None:
        """Open a split, or note why it cannot be."""
        try:
            self.splits[split] = self.spec.open(split)
        except DataError as problem:
            self.closed[split] = str(problem), read


def data_section(spec: DataSpec, zoo: Zoo | None = None) -> str:
    """The `data` section of a recipe, with what differs from the defaults."""
    said = spec.model_dump(mode="json", exclude_unset=True, context={"zoo": zoo})
    return text.write({"data": said})


def find_subject(named: str, load: Callable[[], tuple[Recipe, Source]]) -> Subject:
    """What a command line names: a folder, or else a recipe.

    Args:
        named: A path, or a recipe's name.
        load: Reads it as a recipe.

    Raises:
        UserError: it is neither, or the data cannot be looked at.
    """
    folder = expand_user(named)
    return subject_of_folder(folder) if folder.is_dir() else subject_of_recipe(*load())


def open_named(
    named: str, load: Callable[[], tuple[Recipe, Source]]
) -> tuple[DataSpec, dict[str, Dataset]]:
    """The data that a command line names, a folder's or a recipe's, and its splits.

    Raises:
        UserError: it is neither.
        DataError: a split cannot be opened.
    """
    folder = expand_user(named)
    if folder.is_dir():
        _, found, _ = find_reader(folder)
        return found.spec, {split: found.spec.open(split) for split in found.pairs}
    recipe, _ = load()
    return recipe.data, open_splits(recipe)


def subject_of_folder(folder: Path, zoo: Zoo | None = None) -> Subject:
    """What the data that knows the layout of a folder finds in it.

    Raises:
        UserError: nobody knows the layout, or who does refuses the folder.
    """
    _, found, others = find_reader(folder, zoo)
    notes = [*found.notes, *(f"{name} reads it too: {said.why}" for name, said in others)]
    subject = Subject(
        str(folder),
        found.spec,
        found.why,
        {},
        notes,
        [*found.mistakes],
        lambda: [line for split in found.pairs for line in found.spec.decode(split)],
        zoo=zoo,
    )
    for split in found.pairs:
        subject.open(split, read=True)
    return subject


def subject_of_recipe(recipe: Recipe, source: Source | None = None) -> Subject:
    """The data of a recipe.

    Raises:
        RecipeError: a contract of the recipe is broken.
        DataError: the data is not at hand.
    """
    wired = contracts(recipe, source)
    if absent := recipe.data.missing():
        raise DataError("\n".join(absent))
    why = f"the recipe says data.use: {Zoo.installed().name_of(type(recipe.data))}"
    name = source.name if source else "recipe"
    decode = partial(data_mistakes, wired, pixels=True)
    subject = Subject(name, recipe.data, why, {}, decode=decode)
    read = recipe.splits()
    for split in dict.fromkeys((*read, *USUAL)):
        subject.open(split, read=split in read)
    return subject


def open_splits(recipe: Recipe) -> dict[str, Dataset]:
    """All splits of a recipe's data: those that a run reads, and the usual ones that are there.

    Raises:
        DataError: the data is not at hand, or the split to learn from cannot be opened.
    """
    return open_usual(recipe.data, recipe.splits())


def open_usual(spec: DataSpec, names: Iterable[str] = ()) -> dict[str, Dataset]:
    """The splits of these names and the usual ones, as far as they are there.

    Raises:
        DataError: the data is not at hand, or none can be opened.
    """
    if absent := spec.missing():
        raise DataError("\n".join(absent))
    found: dict[str, Dataset] = {}
    first: DataError | None = None
    for split in dict.fromkeys((*names, *USUAL)):
        try:
            found[split] = spec.open(split)
        except DataError as problem:
            first = first or problem
    if first is not None and (not found or LEARNED not in found):
        raise first
    return found


def find_writer(name: str, zoo: Zoo | None = None) -> type[DataSpec]:
    """The data of a name, whose layout can be written.

    Raises:
        UserError: there is none of that name.
    """
    spec = (zoo or Zoo.installed()).get("data", name)
    assert issubclass(spec, DataSpec)
    return spec


def data_of(name: str, options: Mapping[str, object], zoo: Zoo | None = None) -> DataSpec:
    """The data that `{use: NAME, option: value, ...}` means.

    Raises:
        UserError: there is none of that name, or an option is wrong; all mistakes at once.
    """
    zoo = zoo or Zoo.installed()
    zoo.get("data", name)
    try:
        spec = zoo.resolve(DataSpec, {"use": name, **options}, {})
    except ValidationError as problem:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        raise UserError("\n".join([f"{name}: gan-zoo show data {name}", *lines])) from None
    assert isinstance(spec, DataSpec)
    return spec
