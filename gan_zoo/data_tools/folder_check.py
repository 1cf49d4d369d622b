"""Look at a folder of pictures before anything trains on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gan_zoo.components.data import DataSpec
from gan_zoo.components.shapes import Image
from gan_zoo.data_tools.split_prints import Place, take_prints
from gan_zoo.data_tools.subjects import Subject
from gan_zoo.data_tools.suspicions import Suspicion, judge_split, judge_twins
from gan_zoo.errors import format_size
from gan_zoo.recipe.model import LEARNED
from gan_zoo.registry.zoo import Zoo

COLORS = {1: "grey", 3: "rgb"}


@dataclass
class DataReport:
    """What a look at data found.

    Args:
        name: As the user called it.
        layout: The data that reads it, and why.
        maps: Map -> what it holds.
        splits: Split -> what was found, in the words of the data.
        pairs: Split -> how many samples can be opened.
        sizes: Split -> height x width -> how many, as an evaluation reads them.
        example: A sample by name, and its files.
        notes: What was skipped or is odd in the folder.
        mistakes: Why training would fail, by file.
        suspicions: What is odd though it can be read.
        section: The lines of a recipe that read it.
        sheet: The file of the contact sheet, if one was drawn.
    """

    name: str
    layout: str
    maps: dict[str, str]
    splits: dict[str, str]
    pairs: dict[str, int]
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    example: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    section: str = ""
    sheet: str = ""


def check_data(subject: Subject) -> DataReport:
    """Look at every sample of every split.

    Args:
        subject: From `subject_of_folder` or `subject_of_recipe`.
    """
    spec, shapes = subject.spec, subject.spec.maps()
    report = DataReport(
        subject.name,
        f"{(subject.zoo or Zoo.installed()).name_of(type(spec))}: {subject.why}",
        {name: _holds(spec, name, image) for name, image in shapes.items()},
        {split: dataset.describe() for split, dataset in subject.splits.items()},
        {split: len(dataset) for split, dataset in subject.splits.items()},
        section=subject.section,
    )
    taken, unread = [], []
    for split, dataset in subject.splits.items():
        of_split = take_prints(split, dataset, shapes, paired=spec.paired)
        taken.append(of_split)
        unread += of_split.unread
        sizes = Counter(next(iter(one.prints.values())).size for one in of_split.samples)
        report.sizes[split] = {format_size(size): count for size, count in sizes.most_common()}
        if of_split.samples and not report.example:
            first = of_split.samples[0]
            report.example = {"split": split, "name": first.name, "files": list(first.files)}
        report.suspicions += judge_split(of_split)
    report.notes, report.mistakes = subject.judge()
    if not report.mistakes or type(spec).decode is DataSpec.decode:  # which knows no pixels
        report.mistakes = [*dict.fromkeys([*report.mistakes, *unread])]
    report.suspicions += judge_twins(taken, subject.splits, shapes)
    if LEARNED in subject.splits:
        lines = spec.remarks(LEARNED)
        report.suspicions += [Suspicion("remark", Place(LEARNED), (), line) for line in lines]
    return report


def _holds(spec: DataSpec, name: str, image: Image) -> str:
    """What a map holds, in words."""
    if image.classes is not None:
        ignored = spec.ignored_ids(name)
        beside = f", and {', '.join(map(str, ignored))}" if ignored else ""
        return f"ids of {image.classes} classes{beside}"
    if image.instances is not None:
        return f"ids of instances, at most {image.instances} in a picture"
    values = spec.values(name)
    colors = values.colors or COLORS.get(image.channels, "")
    told = f"{image.channels} channel{'s' * (image.channels != 1)}{f' ({colors})' * bool(colors)}"
    if not values.plain:
        told += f", {values.dtype} from {values.low:g} to {values.high:g}"
    return told
