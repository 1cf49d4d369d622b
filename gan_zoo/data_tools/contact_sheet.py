"""A sheet of the samples that are odd, and of a few that are not, to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gan_zoo.components.data import DataSpec
from gan_zoo.components.sheets import make_sheet
from gan_zoo.data_tools.drawing import draw_map
from gan_zoo.data_tools.split_prints import Place
from gan_zoo.data_tools.suspicions import Suspicion
from gan_zoo.errors import DataError

if TYPE_CHECKING:
    from PIL import Image as PIL

    from gan_zoo.components.interfaces import Dataset

ROWS = 24  # odd samples on a sheet
USUAL = 3  # samples beside them that nothing was said of


def draw_contact_sheet(
    suspicions: Sequence[Suspicion], splits: Mapping[str, Dataset], data: DataSpec
) -> PIL.Image | None:
    """The odd samples with what is odd about them, the first of many, then a few usual ones.

    Args:
        suspicions: What is odd.
        splits: Split -> its samples.
        data: What reads them.

    Returns:
        The sheet; None where there is nothing to draw.
    """
    captions: dict[Place, list[str]] = {}
    for one in suspicions:
        if one.at.sample:
            captions.setdefault(one.at, []).append(f"{one.kind}: {one.told}")
        if one.other is not None:
            captions.setdefault(one.other, []).append(f"beside {one.at}")
    chosen = [*captions][:ROWS]
    for split, dataset in [*splits.items()][:1]:
        odd = {place.index for place in captions if place.split == split}
        usual = [index for index in range(len(dataset)) if index not in odd]
        spread = usual[:: max(1, len(usual) // USUAL)][:USUAL]
        chosen += [Place(split, "", index) for index in spread]
    rows, lines = [], []
    for place in chosen:
        try:
            sample = splits[place.split].read(place.index, None)
        except DataError:
            continue  # a mistake, which is told by the name of its file
        told = "; ".join(captions.get(place, ["nothing odd"]))
        rows.append(
            {
                name: draw_map(sample.maps[name], ids=image.ids, colors=data.values(name).colors)
                for name, image in data.maps().items()
            }
        )
        lines.append(f"{place.split}/{sample.name}  {told}")
    return make_sheet(rows, lines) if rows else None
