"""The model of a service: files of maps -> the bytes that `gan-zoo translate` would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.one_picture import make_file
from gan_zoo.inference.picture_files import Format, choose_suffix
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.targets import glance
from gan_zoo.inference.translator import Translator
from gan_zoo.serving.kinds import read_size, suffix_of
from gan_zoo.serving.limits import Limits
from gan_zoo.serving.refusals import Refusal, without_paths

FORMATS: tuple[Format, ...] = ("png", "tiff")


@dataclass(frozen=True)
class Order:
    """What came of one request, looked at and not yet decoded.

    Args:
        dataset: Of one sample.
        files: Map -> its file.
        folder: That holds these.
    """

    dataset: Dataset
    files: Mapping[str, Path]
    folder: Path


class ServedModel:
    """A translator as a service uses it.

    Args:
        translator: Makes the pictures.
        name: Of the model.
        limits: Of pixels.

    Raises:
        UserError: what it makes cannot be written here.
    """

    def __init__(self, translator: Translator, name: str, limits: Limits) -> None:
        self.translator = translator
        self.name = name
        self.limits = limits
        data = translator.recipe.data
        self.maps = [name for name in data.maps() if name in translator.inputs]
        self.values = translator.values(translator.target)
        self.channels = translator.shapes[translator.target].channels
        self.suffix = choose_suffix(self.values, self.channels)
        self.suffixes: dict[str, str] = {}  # format -> the ending of its files
        for format in FORMATS:
            try:
                self.suffixes[format] = choose_suffix(self.values, self.channels, format)
            except UserError:  # PNG does not hold it, or tifffile is absent: /model says so
                continue

    def look(self, files: Mapping[str, Path], folder: Path) -> Order:
        """Judge files by their headers.

        Args:
            files: Map -> its file, whatever it is called.
            folder: That holds these.

        Raises:
            Refusal: they are too large, or nothing that the model takes.
        """
        named = {name: self._call(name, path, folder) for name, path in files.items()}
        try:
            for name, path in named.items():
                self._refuse_pixels(name, read_size(path))
            order = Order(self._dataset(named), named, folder)
            faults = [sample.fault for sample in glance(order.dataset) if sample.fault]
            if faults:
                raise DataError("\n".join(faults))
        except UserError as problem:
            raise Refusal(422, without_paths(str(problem), named, folder)) from None
        return order

    def make(self, order: Order, suffix: str, *, seed: int, said: Rules) -> bytes:
        """The file of a translation.

        Args:
            order: What came.
            suffix: Of the file.
            seed: Of dropout and of sampled styles.
            said: Of styles.

        Raises:
            Refusal: it cannot be made of these files.
        """
        try:
            made = make_file(self.translator, order.dataset, 0, suffix, seed=seed, said=said)
            self.translator.stylist.refuse_unmet(said)
        except UserError as problem:
            told = without_paths(str(problem), order.files, order.folder)
            raise Refusal(422, told.replace("--style:", "style:")) from None
        except (MemoryError, torch.OutOfMemoryError):
            told = "the picture does not fit into the memory of this device; send a smaller one"
            raise Refusal(413, told) from None
        return made.content

    def _call(self, name: str, path: Path, folder: Path) -> Path:
        """Call a file as the data calls those of its map, in a folder of its own."""
        own = folder / f"{path.name}.alone"
        own.mkdir()
        stem = self.translator.recipe.data.input_name(name).replace("/", "_")
        return path.rename(own / f"{stem}{suffix_of(path)}")

    def _refuse_pixels(self, name: str, size: tuple[int, int] | None) -> None:
        """Refuse a map that is too large as it comes, or as the network takes it.

        Raises:
            Refusal: it is.
            UserError: the network takes no size near its own.
        """
        if size is None or 0 in size:
            return  # who decodes it says what is wrong
        most = self.limits.pixels
        shown = f"{name} is {size[0]}x{size[1]} (height x width)"
        if size[0] * size[1] > most:
            raise Refusal(413, f"{shown}; up to {most:,} pixels are taken here")
        height, width = self.translator.fitting_size(*size)
        if height * width > most:
            raise Refusal(
                413,
                f"{shown}, which is padded to {height}x{width} for the network; up to {most:,} "
                "pixels are taken here",
            )

    def _dataset(self, files: Mapping[str, Path]) -> Dataset:
        data = self.translator.recipe.data
        each = {name: data.inputs(path, maps=[name]) for name, path in files.items()}
        return next(iter(each.values())) if len(each) == 1 else Joined(each)


class Joined:
    """One sample of which each map was sent by itself.

    Args:
        each: Map -> a dataset of one sample that has it.
    """

    def __init__(self, each: Mapping[str, Dataset]) -> None:
        self.each = each

    def __len__(self) -> int:
        return 1

    def describe(self) -> str:
        """What there is."""
        return f"{', '.join(self.each)}, sent each by itself"

    def glances(self) -> list[Any]:
        """What the headers say is wrong with each."""
        return [one for dataset in self.each.values() for one in glance(dataset)]

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        """The sample.

        Raises:
            DataError: a map cannot be read, or their sizes differ.
        """
        read = {name: dataset.read(index, draw) for name, dataset in self.each.items()}
        maps = {name: sample.maps[name] for name, sample in read.items()}
        sizes = {name: f"{m.shape[-2]}x{m.shape[-1]}" for name, m in maps.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise DataError(f"the maps of one picture must have one size; {told} came")
        files = tuple(file for sample in read.values() for file in sample.files)
        return Sample(next(iter(read.values())).name, files, maps)

    def unshown(self, index: int, maps: Sequence[str]) -> np.ndarray | None:
        """Which pixels of the pictures among some maps show nothing, bools `H W`; None where
        nothing says so.
        """
        found: np.ndarray | None = None
        for name in maps:
            ask: Any = getattr(self.each[name], "unshown", None)
            own = ask(index, [name]) if ask else None
            if own is not None:
                found = own if found is None else found | own
        return found
