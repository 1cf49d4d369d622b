"""What is odd about samples that can be read: each suspicion with the sample's name and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.shapes import Image
from gan_zoo.data_tools import duplicates, shifts
from gan_zoo.data_tools.partners import find_strangers
from gan_zoo.data_tools.prints import Print
from gan_zoo.data_tools.shifts import Shift
from gan_zoo.data_tools.split_prints import TARGET, Place, SplitPrints
from gan_zoo.data_tools.swaps import find_swapped
from gan_zoo.data_tools.thresholds import threshold
from gan_zoo.errors import format_size
from gan_zoo.recipe.model import LEARNED


@dataclass(frozen=True)
class Suspicion:
    """One odd thing.

    Args:
        kind: shifted, duplicate, near-duplicate, constant, dark, leak, swapped, mismatched or size;
            remark where the data itself tells of it, as of classes that never occur.
        at: The sample.
        files: That it was read from.
        told: What is odd, with numbers.
        other: The sample that it is compared with, if any.
    """

    kind: str
    at: Place
    files: tuple[str, ...]
    told: str
    other: Place | None = None


def judge_split(of_split: SplitPrints) -> Iterator[Suspicion]:
    """What is odd about single samples of a split, beside the others of it."""
    yield from _shifted(of_split)
    yield from _empty(of_split)
    yield from _leaking(of_split)
    yield from _swapped(of_split)
    yield from _mismatched(of_split)
    yield from _other_sizes(of_split)


def _shifted(of_split: SplitPrints) -> Iterator[Suspicion]:
    told: set[str] = set()
    for name, pool in of_split.pools.items():
        together = pool.shared()
        paired = [sample for sample in of_split.samples if name in sample.shifts]
        sure = [s.shifts[name] for s in paired if shifts.is_shifted(s.shifts[name])]
        if together is not None:
            told_of_all = f"all pairs together: the target lies {_place(together)} of {name}"
            yield Suspicion("shifted", Place(of_split.split), (), told_of_all)
            sure.append(together)
        for sample in paired:
            shift = sample.shifts[name]
            size = sample.prints[name].size
            moved = shifts.is_shifted(shift) or shifts.is_shifted_like(shift, sure, size)
            if moved and sample.name not in told:
                told.add(sample.name)
                said = f"the target lies {_place(shift)} of {name}"
                yield Suspicion("shifted", sample.at(of_split.split), sample.files, said)


def _place(shift: Shift) -> str:
    """A shift in words: dx and dy in pixels."""
    return f"dx={shift.right:+.0f}, dy={shift.down:+.0f} pixels (right, down)"


def _empty(of_split: SplitPrints) -> Iterator[Suspicion]:
    usual: dict[str, float] = {}
    for sample in of_split.samples:
        for name, print_ in sample.prints.items():
            if name not in usual:
                usual[name] = median(other.prints[name].mean for other in of_split.samples)
            kind, told = "", ""
            if _shows_nothing(print_):
                kind, told = "constant", f"{name} is the same everywhere, {print_.mean:.0f} of 255"
            elif (
                print_.thumb.ndim == 3
                and print_.brightest < threshold("dark.brightest")
                and usual[name] > threshold("dark.usual")
            ):
                kind = "dark"
                told = (
                    f"{name} is {print_.mean:.0f} of 255 on average, the others {usual[name]:.0f}"
                )
            if kind:
                yield Suspicion(kind, sample.at(of_split.split), sample.files, told)


def _shows_nothing(print_: Print) -> bool:
    return print_.thumb.ndim == 3 and print_.spread < threshold("constant.spread")


def _leaking(of_split: SplitPrints) -> Iterator[Suspicion]:
    for sample in of_split.samples:
        if TARGET not in sample.prints or _shows_nothing(sample.prints[TARGET]):
            continue
        for name, difference in sample.leaks.items():
            if difference > threshold("leak.difference"):
                continue
            same = sample.prints[name].digest == sample.prints[TARGET].digest
            told = f"{name} is the target, pixel by pixel"
            if not same:
                told = (
                    f"{name} contains the target: {difference:.1f} of 255 between them on average"
                )
            yield Suspicion("leak", sample.at(of_split.split), sample.files, told)


def _swapped(of_split: SplitPrints) -> Iterator[Suspicion]:
    pictures = dict.fromkeys(name for sample in of_split.samples for name in sample.leaks)
    for name in pictures:  # inputs that are pictures
        inputs = [sample.prints[name] for sample in of_split.samples]
        targets = [sample.prints[TARGET] for sample in of_split.samples]
        for index in find_swapped(inputs, targets):
            sample = of_split.samples[index]
            told = f"{name} looks as the other targets do, and the target as the others' {name}"
            yield Suspicion("swapped", sample.at(of_split.split), sample.files, told)


def _mismatched(of_split: SplitPrints) -> Iterator[Suspicion]:
    told: set[str] = set()
    formed = [sample for sample in of_split.samples if TARGET in sample.forms]
    for name in dict.fromkeys(name for sample in formed for name in sample.forms):
        if name == TARGET:
            continue
        inputs, targets = ([sample.forms[one] for sample in formed] for one in (name, TARGET))
        for found in find_strangers(inputs, targets):
            sample, other = formed[found.at], formed[found.other]
            if sample.name in told:
                continue
            told.add(sample.name)
            said = (
                f"the target fits {name} of {other.name}: edges correlate by {found.found:.2f}, "
                f"with its own by {found.own:.2f}"
            )
            place, beside = sample.at(of_split.split), other.at(of_split.split)
            yield Suspicion("mismatched", place, sample.files, said, beside)


def _other_sizes(of_split: SplitPrints) -> Iterator[Suspicion]:
    sizes = Counter(next(iter(sample.prints.values())).size for sample in of_split.samples)
    if len(sizes) < 2:
        return
    [(usual, count)] = sizes.most_common(1)
    if count < threshold("size.usual") * len(of_split.samples):
        return
    for sample in of_split.samples:
        size = next(iter(sample.prints.values())).size
        if size != usual and sizes[size] <= threshold("size.rare") * len(of_split.samples):
            told = f"{format_size(size)}, while {count} of {len(of_split.samples)} are "
            told += f"{format_size(usual)} (height x width)"
            yield Suspicion("size", sample.at(of_split.split), sample.files, told)


def judge_twins(
    taken: Sequence[SplitPrints], splits: Mapping[str, Dataset], shapes: Mapping[str, Image]
) -> Iterator[Suspicion]:
    """Samples that are there twice: equal ones anywhere, and those in another split that are
    alike in every map.
    """
    everything = [(of_split.split, sample) for of_split in taken for sample in of_split.samples]
    equal: set[tuple[str, str]] = set()
    for group in duplicates.equal_samples([sample.prints for _, sample in everything]):
        first, *others = group
        split, sample = everything[first]
        for at in others:
            there, other = everything[at]
            equal.add((there, other.name))
            where = f"{split}/{sample.name}" if there != split else sample.name
            told = f"equal to {where} in every pixel"
            told += _learned(split, there)
            yield Suspicion("duplicate", other.at(there), other.files, told, sample.at(split))
    for at, of_split in enumerate(taken):
        for later in taken[at + 1 :]:
            yield from _alike(of_split, later, equal, splits, shapes)


def _alike(
    one: SplitPrints,
    other: SplitPrints,
    equal: set[tuple[str, str]],
    splits: Mapping[str, Dataset],
    shapes: Mapping[str, Image],
) -> Iterator[Suspicion]:
    ours, theirs = (
        [s for s in of_split.samples if not any(map(_shows_nothing, s.prints.values()))]
        for of_split in (one, other)
    )
    found = duplicates.alike_samples([s.prints for s in ours], [s.prints for s in theirs], shapes)
    told: set[str] = set()
    for left, right in found:
        a, b = ours[left], theirs[right]
        if b.name in told or (other.split, b.name) in equal:
            continue
        first = splits[one.split].read(a.index, None).maps
        second = splits[other.split].read(b.index, None).maps
        if duplicates.alike(first, second, shapes):
            told.add(b.name)
            said = f"like {one.split}/{a.name} in every map{_learned(one.split, other.split)}"
            place, beside = b.at(other.split), a.at(one.split)
            yield Suspicion("near-duplicate", place, b.files, said, beside)


def _learned(one: str, other: str) -> str:
    """What follows where a sample is in two splits, one of which is learned from."""
    return ": what is scored was learned" if one != other and LEARNED in (one, other) else ""
