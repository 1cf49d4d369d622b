"""From where on something counts as suspicious: every threshold of `gan-zoo data check`, in the
table that stands in docs/how-to/check-your-data.md too.
"""

from __future__ import annotations

from typing import NamedTuple


class Threshold(NamedTuple):
    """One number.

    Args:
        value: Where it lies.
        meaning: What is compared with it, and in which unit.
    """

    value: float
    meaning: str


THRESHOLDS = {
    "shift.least": Threshold(
        0.04, "of a side: a target that lies less far beside an input is not told"
    ),
    "shift.gain": Threshold(
        4.0,
        "standard deviations of a phase correlation of edges, by which its highest place stands "
        "above the next one and above no shift",
    ),
    "shift.agreement": Threshold(
        0.25, "by how much the correlation of the edges grows when the shift is undone"
    ),
    "shift.company": Threshold(
        0.4, "of the two above are enough where another pair is surely shifted by the same"
    ),
    "shift.together": Threshold(
        6.0, "as `shift.gain`, of the sum over all pairs of a split: all of them are shifted"
    ),
    "constant.spread": Threshold(
        2.0, "of 255 levels, standard deviation of every channel: a picture below shows nothing"
    ),
    "dark.brightest": Threshold(
        16.0, "of 255 levels: a picture none of whose 64 parts is brighter on average is dark"
    ),
    "dark.usual": Threshold(
        48.0, "of 255 levels: dark is suspicious where half of the pictures are brighter than this"
    ),
    "leak.difference": Threshold(
        4.0, "of 255 levels, mean difference: an input that is nearer to the target contains it"
    ),
    "swapped.nearer": Threshold(
        0.5,
        "of how far input and target are from the usual ones: the most that they are from those of "
        "the other side",
    ),
    "swapped.apart": Threshold(
        4.0, "usual differences between the usual input and the usual target, at least"
    ),
    "partner.gain": Threshold(
        0.25,
        "of a correlation of edges at 32 x 32, by which a target meets the input of another pair "
        "better than its own, than that input meets its own target, and than either meets any "
        "third",
    ),
    "near.bits": Threshold(
        10.0, "of 64 bits of a difference hash: pictures that differ in more are not compared"
    ),
    "near.likeness": Threshold(
        0.985, "correlation of pictures at 12 x 12: above, in every map, samples are alike"
    ),
    "near.difference": Threshold(
        0.45,
        "standard deviations of a picture at 12 x 12, by which its worst pixel differs once "
        "brightness and contrast are fitted: below, in every map, samples are alike",
    ),
    "near.ids": Threshold(
        0.98, "of the pixels at 32 x 32 with equal ids: above, maps of ids are alike"
    ),
    "size.usual": Threshold(0.9, "of a split's samples have one size, so that another is odd"),
    "size.rare": Threshold(0.05, "of a split's samples have the odd size, at most"),
}


def threshold(name: str) -> float:
    """The number of a name."""
    return THRESHOLDS[name].value
