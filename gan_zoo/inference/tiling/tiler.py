"""A model that translates large pictures tile by tile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from gan_zoo.components.data import Glance
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.shapes import Values
from gan_zoo.components.windows import Windows
from gan_zoo.errors import UserError
from gan_zoo.inference.input_tags import InputTags
from gan_zoo.inference.picture_files import require_tifffile
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.tiling.asked import Asked
from gan_zoo.inference.tiling.copies import Player, share_cast
from gan_zoo.inference.tiling.decisions import Decision, decide
from gan_zoo.inference.tiling.job import Job
from gan_zoo.inference.tiling.norms import Statistics, replace_norms
from gan_zoo.inference.tiling.source import Source, open_windows
from gan_zoo.inference.tiling.work import Work, digest_files, digest_weights
from gan_zoo.inference.translator import Translator


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
    ) -> frozenset[int]:
        """Which samples are larger than a tile, by their headers.

        Args:
            dataset: The samples.
            samples: What is known of them; those at fault are passed over.
            format: That is asked for.

        Raises:
            UserError: PNG was asked for, which is not written in parts.
        """
        found = []
        for index, sample in enumerate(samples):
            if sample.fault:
                continue
            with closing(self.open(dataset, index)) as windows:
                if not self.needs(windows.size):
                    continue
            if format == "png":
                raise UserError(
                    f"--tile: {(*sample.files, sample.name)[0]} is larger than a tile of "
                    f"{self.decision.tile}, and PNG is not written in parts; name a .tif, or a "
                    "folder without --format png"
                )
            found.append(index)
        if found:
            require_tifffile()
        return frozenset(found)

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
            OSError: the disk is full; likewise.
        """
        source = Source(windows, self.translator.fitting_size(*windows.size))
        target.parent.mkdir(parents=True, exist_ok=True)
        shape = (*windows.size, self.channels)
        work = Work(target, self.settings(windows), shape, self.values.dtype)
        job = Job(self.player, self.statistics, self.decision, source, work, self.values)
        job.tell()
        job.gather()
        holed = job.make()
        job.write(target, tags)
        return holed

    def settings(self, windows: Windows) -> dict[str, Any]:
        """All that the pixels of a picture depend on."""
        translator, made = self.translator, self.decision
        said = {str(key): _digest(str(which)) for key, which in self.player.said.chosen.items()}
        said |= {name: _digest(str(one)) for name, one in translator.stylist.gathered.items()}
        recipe = translator.recipe
        return {
            "gan-zoo": version("gan-zoo"),
            "torch": torch.__version__,
            "the networks": _digest(json.dumps(recipe.model_dump(mode="json"), default=str)),
            "the weights": digest_weights(translator.cast.networks),
            "the input": digest_files(windows.files),
            "the tile": made.tile,
            "the overlap": [made.overlap, made.ramp],
            "the statistics": made.whose,
            "the seed": self.seed,
            "the style": said,
            "the precision": str(translator.cast.precision),
            "the file": [str(self.values), self.values.dtype, self.channels],
        }


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
