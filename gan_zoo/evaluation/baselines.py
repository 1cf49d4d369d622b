"""What a model should beat: pictures that take no learning but a median. No torch until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError, UserError

if TYPE_CHECKING:
    from torch import Tensor

Painter = Callable[[Sample], "Tensor"]  # a sample -> its picture, uint8 `D H W`

LEVELS = 256  # of 8-bit channels


def median(training: Dataset, maps: Mapping[str, Image], target: str) -> Painter:
    """One picture for all: the per-pixel median of the training targets, which must fit into memory
    together. No constant picture has a smaller L1 there.

    Raises:
        DataError: the targets differ in size.
    """
    import numpy as np
    import torch

    from gan_zoo.components.pictures import as_8bit

    targets: list[Any] = []
    for index in range(len(training)):
        sample = training.read(index, None)
        real = as_8bit(sample.maps[target]).numpy()
        if targets and real.shape != targets[0].shape:
            raise DataError(
                f"{sample.files[0]}: {[*real.shape]}, others are {[*targets[0].shape]}; "
                "a median needs pictures of one size"
            )
        targets.append(real)
    picture = torch.from_numpy(np.median(np.stack(targets), axis=0).round().astype(np.uint8))
    return lambda sample: picture


def classes(training: Dataset, maps: Mapping[str, Image], target: str) -> Painter:
    """Every class in its own color: per channel the median of the training targets where the label
    map says that class; what training never saw has the median of all.

    Raises:
        UserError: the data has no label map.
    """
    import numpy as np
    import torch

    from gan_zoo.components.pictures import as_8bit

    labels = next((name for name, image in maps.items() if image.classes), None)
    if labels is None:
        raise UserError(
            f"--baseline classes: the data has no label map, only {', '.join(maps)}; use median"
        )
    counts: dict[int, Any] = {}  # id -> how often each level came, D x 256
    for index in range(len(training)):
        sample = training.read(index, None)
        label, real = sample.maps[labels].numpy()[0], as_8bit(sample.maps[target]).numpy()
        for one in np.unique(label).tolist():
            levels = [np.bincount(channel[label == one], minlength=LEVELS) for channel in real]
            counts[one] = counts.get(one, 0) + np.stack(levels)
    colors = {one: _middle(count) for one, count in counts.items()}
    usual = _middle(sum(counts.values()))

    def paint(sample: Sample) -> Tensor:
        label = sample.maps[labels].numpy()[0]
        picture = np.empty((len(usual), *label.shape), np.uint8)
        for one in np.unique(label).tolist():
            picture[:, label == one] = colors.get(one, usual)[:, None]
        return torch.from_numpy(picture)

    return paint


def _middle(counts: Any) -> Any:
    """The (lower) median level of each channel, of counts `D x 256`."""
    below = counts.cumsum(axis=1)
    return (2 * below >= below[:, -1:]).argmax(axis=1).astype("uint8")


BASELINES: Mapping[str, Callable[[Dataset, Mapping[str, Image], str], Painter]] = {
    "median": median,
    "classes": classes,
}


def refuse_unknown(baseline: str | None) -> None:
    """Refuse a name that no baseline has.

    Raises:
        UserError: with those that there are.
    """
    if baseline not in (None, *BASELINES):
        raise UserError(f"--baseline: {baseline} came; {' or '.join(BASELINES)} was expected")
