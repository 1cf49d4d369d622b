"""What is looked at: a folder, about which all registered data is asked, or a recipe's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
        mistakes: Why training would fail, by file.
        zoo: Who knows what the data is called; what is installed if absent.
    """

    name: str
    spec: DataSpec
    why: str
    splits: dict[str, Dataset]
    notes: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    zoo: Zoo | None = None

    @property
    def section(self) -> str:
        """The lines of a recipe that read it."""
        return data_section(self.spec, self.zoo)


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
    """What the data that knows the layout of a folder finds in it, every pixel read.

    Raises:
        UserError: nobody knows the layout, or who does refuses the folder.
    """
    _, found, others = find_reader(folder, zoo)
    notes = [*found.notes, *(f"{name} reads it too: {said.why}" for name, said in others)]
    subject = Subject(str(folder), found.spec, found.why, {}, notes, zoo=zoo)
    subject.mistakes += found.mistakes
    for split in found.pairs:
        subject.mistakes += found.spec.decode(split)
        _open(subject, split, subject.mistakes)
    return subject


def subject_of_recipe(recipe: Recipe, source: Source | None = None) -> Subject:
    """The data of a recipe, every pixel read of the splits that a run reads.

    Raises:
        RecipeError: a contract of the recipe is broken.
        DataError: the data is not at hand.
    """
    wired = contracts(recipe, source)
    if absent := recipe.data.missing():
        raise DataError("\n".join(absent))
    why = f"the recipe says data.use: {Zoo.installed().name_of(type(recipe.data))}"
    name = source.name if source else "recipe"
    subject = Subject(name, recipe.data, why, {}, mistakes=data_mistakes(wired, pixels=True))
    read = recipe.splits()
    for split in dict.fromkeys((*read, *USUAL)):
        said = subject.mistakes if split in read else subject.notes
        _open(subject, split, said)
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


def _open(subject: Subject, split: str, said: list[str]) -> None:
    """Open a split; what stands in the way is said once."""
    try:
        dataset = subject.spec.open(split)
    except DataError as problem:
        known = "\n".join(subject.mistakes)
        new = [line for line in str(problem).splitlines() if line.strip() not in known]
        what = f"split '{split}': " if said is subject.notes else ""
        said += [f"{what}{line.strip()}" for line in (new[:1] if what else new)]
        return
    subject.splits[split] = dataset
