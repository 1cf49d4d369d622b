"""One sample -> the bytes of its translation's file, for whoever keeps them or hands them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Values
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.input_tags import InputTags, read_input_tags
from gan_zoo.inference.picture_files import as_file, has_nodata
from gan_zoo.inference.styles.rules import Rules
from gan_zoo.inference.translator import Translator


@dataclass(frozen=True)
class MadeFile:
    """A translation as a file, and what there is to tell of it.

    Args:
        content: Its bytes.
        padded: Whether the input was padded to a size that the network takes.
        unplaced: Whether the input has a georeference that this file does not hold.
        holed: Whether pixels hold the number of no data.
    """

    content: bytes
    padded: bool
    unplaced: bool
    holed: bool


def make_file(
    translator: Translator,
    dataset: Dataset,
    index: int,
    suffix: str,
    *,
    seed: int,
    said: Rules,
) -> MadeFile:
    """Read one sample, translate it, and write it in the target's type and range.

    Args:
        translator: Makes the picture.
        dataset: Inputs, as the data of the recipe reads them.
        index: Of the sample.
        suffix: Of the file, as `choose_suffix` gives it.
        seed: The seed of dropout where inference keeps it on, and of sampled styles.
        said: Of styles.

    Raises:
        DataError: the sample cannot be read, or no size near its own can be taken.
        UserError: it asks for a style that there is not.
    """
    values = translator.values(translator.target)
    sample = dataset.read(index, None)
    made, padded = _translate(translator, sample, seed, said)
    tags = InputTags()
    if sample.files:
        tags = read_input_tags(sample.files[0], *made.shape[-2:])
    nothing = _unshown(translator, dataset, index, values, made)
    return MadeFile(
        as_file(made, values, suffix, tags, nothing),
        padded=padded,
        unplaced=bool(tags.georeference) and suffix == ".png",
        holed=nothing is not None,
    )


def _translate(
    translator: Translator, sample: Sample, seed: int, said: Rules
) -> tuple[Tensor, bool]:
    """A sample's picture, floats in [-1, 1], and whether it was padded.

    Raises:
        DataError: no size near its own can be taken.
    """
    maps = {name: sample.maps[name] for name in translator.inputs}
    size = next(iter(maps.values())).shape[-2:]
    try:
        fitting = translator.fitting_size(*size)
    except UserError as problem:
        raise DataError(f"{(*sample.files, sample.name)[0]}: {problem}") from problem
    return translator.output(maps, seed=seed, style=said), fitting != tuple(size)


def _unshown(
    translator: Translator, dataset: Dataset, index: int, values: Values, made: Tensor
) -> np.ndarray | None:
    """Which pixels of a picture nothing was shown of, `H W`; None where there are none, or the
    target has no number for them.
    """
    ask: Any = getattr(dataset, "unshown", None)
    if ask is None or not has_nodata(values):
        return None
    nothing: np.ndarray | None = ask(index, translator.inputs)
    found = nothing is not None and nothing.shape == made.shape[-2:] and bool(nothing.any())
    return nothing if found else None
