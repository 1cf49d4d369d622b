"""A model that translates large pictures tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from gan_zoo.components.data import Glance
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.shapes import Values
from gan_zoo.components.windows import Windows
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.input_tags import InputTags
from gan_zoo.inference.picture_files import require_tifffile
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.tiling.asked import Asked
from gan_zoo.inference.tiling.copies import Player, share_cast
from gan_zoo.inference.tiling.decisions import Decision, decide
from gan_zoo.inference.tiling.digests import digest, digest_weights, identify
from gan_zoo.inference.tiling.job import Job
from gan_zoo.inference.tiling.norms import Statistics, replace_norms
from gan_zoo.inference.tiling.source import Source, open_windows
from gan_zoo.inference.tiling.work import Work
from gan_zoo.inference.translator import Translator
from gan_zoo.inference.writing import writing


class Tiler:
    """Translates pictures that are larger than a tile.

    It calls a copy of the networks, so that the translator may be called from other threads
    meanwhile; itself is for one thread.

    Args:
        translator: Of the model.
        asked: What the caller says of tiles.
        said: Whom a style is for.
        seed: Of sampled styles, and of the sample of statistics.

    Raises:
        UserError: the model cannot be translated in tiles as asked.
    """

    def __init__(self, translator: Translator, asked: Asked, said: Rules, seed: int) -> None:
        self.translator = translator
        self.seed = seed
        self.values: Values = translator.values(translator.target)
        self.channels = translator.shapes[translator.target].channels
        self.statistics = Statistics()
        cast = share_cast(translator.cast)
        for name in translator.networks():
            replace_norms(cast.networks[name], name, self.statistics)
        self.player = Player(translator, cast, said, seed)
        self.decision: Decision = decide(self.player, self.statistics, asked)
        if not self.decision.norms:  # nothing is replaced: its own networks, compiled or not
            self.player = Player(translator, translator.cast, said, seed)

    def describe(self, *, compiled: bool = False) -> str:
        """One line: tiles, overlap, statistics.

        Args:
            compiled: The model is, by programs that know nothing of given statistics.
        """
        made = self.decision
        sees = "all of a picture" if made.radius is None else f"{made.radius} pixels far"
        told = f"tiles of {made.tile} with an overlap of {made.overlap}; networks see {sees}"
        if made.norms:
            told += f"; {made.norms} norms take the statistics of all of a picture: {made.whose}"
            told += ", and tiles are not compiled for that" * compiled
        return "; ".join([told, *made.told])

    def needs(self, size: tuple[int, int]) -> bool:
        """Whether a picture of (height, width) is larger than a tile."""
        return max(self.translator.fitting_size(*size)) > self.decision.tile

    def find_large(
        self, dataset: Dataset, samples: Sequence[Glance], format: str
    ) -> tuple[frozenset[int], list[Glance]]:
        """Which samples are larger than a tile, by their headers.

        Args:
            dataset: The samples.
            samples: What is known of them; those at fault are passed over.
            format: That is asked for.

        Returns:
            Their places; and what is known of all samples now, with faults that were met.

        Raises:
            UserError: PNG was asked for, which is not written in parts.
        """
        found, known = [], [*samples]
        for index, sample in enumerate(samples):
            if sample.fault:
                continue
            first = (*sample.files, sample.name)[0]
            try:
                with closing(self.open(dataset, index)) as windows:
                    large = self.needs(windows.size)
            except DataError as problem:
                known[index] = replace(sample, fault=str(problem))
                continue
            except UserError as problem:  # the networks take no size near its own
                known[index] = replace(sample, fault=f"{first}: {problem}")
                continue
            if not large:
                continue
            if format == "png":
                raise UserError(
                    f"--tile: {first} is larger than a tile of {self.decision.tile}, and PNG is "
                    "not written in parts; name a .tif, or a folder without --format png"
                )
            found.append(index)
        if found:
            require_tifffile()
        return frozenset(found), known

    def open(self, dataset: Dataset, index: int) -> Windows:
        """A sample, to be read piece by piece.

        Raises:
            DataError: names the file that is not what the recipe says.
        """
        return open_windows(dataset, index, self.translator.inputs)

    def translate(self, windows: Windows, target: Path, tags: InputTags) -> bool:
        """Translate a picture into a file.

        Args:
            windows: The picture, larger than a tile.
            target: The file, a TIFF.
            tags: Of the input.

        Returns:
            Whether it has pixels of no data.

        Raises:
            DataError: the input is damaged; what is done is kept.
            UserError: another job has the output, or it cannot be written.
            OSError: the disk is full; what is done is kept.
        """
        source = Source(windows, self.translator.fitting_size(*windows.size))
        shape = (*windows.size, self.channels)
        settings = self.settings(windows)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            work = Work(target, settings, shape, self.values.dtype)
        with closing(work):
            job = Job(self.player, self.statistics, self.decision, source, work, self.values)
            job.tell()
            job.gather()
            holed = job.make()
            with writing(target):
                job.write(target, tags)
        return holed

    def settings(self, windows: Windows) -> dict[str, Any]:
        """All that the pixels of a picture depend on."""
        translator, made = self.translator, self.decision
        stylist = translator.stylist
        styles = [self.player.said.chosen, stylist.gathered, stylist.encoded]
        recipe = translator.recipe
        return {
            "gan-zoo": version("gan-zoo"),
            "torch": torch.__version__,
            "the networks": digest(recipe.model_dump(mode="json")),
            "the weights": digest_weights(translator.cast.networks),
            "the input": identify(windows),
            "the tile": made.tile,
            "the overlap": [made.overlap, made.ramp],
            "the statistics": made.whose,
            "the seed": self.seed,
            "the style": digest(styles),
            "the precision": str(translator.cast.precision),
            "the file": [str(self.values), self.values.dtype, self.channels],
        }
