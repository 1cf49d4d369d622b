"""Which sample belongs to which split, decided by its name: a number that follows from the name
alone, so that samples that come later change nothing for those that are there.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.data_tools import duplicates
from gan_zoo.data_tools.conversion import first_that, names_of, refuse_difference
from gan_zoo.data_tools.split_prints import SamplePrint, take_prints
from gan_zoo.errors import DataError, UserError
from gan_zoo.recipe.model import LEARNED
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import progress


class Member(NamedTuple):
    """One sample of the data that is divided.

    Args:
        name: In the table: unique among all.
        split: Where it was.
        print: What is kept of it.
    """

    name: str
    split: str
    print: SamplePrint


@dataclass(frozen=True)
class Division:
    """What came of it.

    Args:
        spec: What reads the table.
        counts: Split -> samples.
        together: Groups of samples that are alike, by name: each is in one split.
    """

    spec: DataSpec
    counts: dict[str, int]
    together: list[list[str]]


def divide(
    like: DataSpec,
    splits: Mapping[str, Dataset],
    table: Path,
    *,
    shares: Mapping[str, float],
    seed: int = 0,
    by: str | None = None,
    only: str | None = None,
    zoo: Zoo | None = None,
) -> Division:
    """Write a table that says which sample belongs to which split; nothing is moved.

    Args:
        like: The data.
        splits: Its samples as they are.
        table: Is written; must not be there yet.
        shares: Split -> its share of all, about; the rest is to learn from.
        seed: Another one divides otherwise.
        by: A regular expression; samples whose names match in the same text, or in the same first
            group of it, stay together.
        only: Divide this split alone; the others stay what they are.
        zoo: The data that could read the table.

    Raises:
        UserError: the shares are none, the expression is none, the table is there.
        DataError: a sample cannot be read, or no table can name the files.
    """
    pattern = _refuse_words(table, shares, by, only, splits)
    members = list(_members(like, splits))
    groups = _alike_groups(like, splits, members)
    for place, member in enumerate(members):  # what is grouped by name joins those that are alike
        if pattern is not None and (match := pattern.search(member.name)):
            name = match[1] if match.re.groups else match[0]
            if name is not None:  # a group that took no part
                groups.join(place, name)
    firsts = groups.firsts([member.name for member in members])
    divided: dict[str, list[Member]] = {LEARNED: [], **{name: [] for name in shares}}
    for split in splits:
        if only is not None and split != only:
            divided.setdefault(split, [])
    for place, member in enumerate(members):
        if only is not None and member.split != only:
            divided[member.split].append(member)
        else:
            divided[_draw(firsts[groups.find(place)], seed, shares)].append(member)
    if empty := [split for split, chosen in divided.items() if not chosen]:
        raise DataError(
            f"{len(members)} samples leave none for {empty[0]}; give it a larger share, or another "
            "--seed"
        )
    try:
        spec = _write(like, divided, table, zoo)
        _compare(spec, splits, divided)
    except BaseException:
        table.unlink(missing_ok=True)
        raise
    together = [[members[n].name for n in group] for group in groups.several()]
    return Division(spec, {split: len(chosen) for split, chosen in divided.items()}, together)


def _refuse_words(
    table: Path,
    shares: Mapping[str, float],
    by: str | None,
    only: str | None,
    splits: Mapping[str, Dataset],
) -> re.Pattern[str] | None:
    for split, share in shares.items():
        if not 0 < share < 1:
            raise UserError(f"--{split}: {share:g} came; a share between 0 and 1 was expected")
    if sum(shares.values()) >= 1:
        raise UserError(f"the shares add up to {sum(shares.values()):g}; nothing is left to learn")
    if table.exists():
        raise UserError(f"{table} is there already; name another file with --out, or remove it")
    if only is not None and only not in splits:
        raise UserError(f"--only: there is no split {only}; there are {', '.join(splits)}")
    try:
        return None if by is None else re.compile(by)
    except re.error as problem:
        raise UserError(f"--by: {by!r} is no regular expression ({problem})") from None


def _members(like: DataSpec, splits: Mapping[str, Dataset]) -> Iterator[Member]:
    taken = {
        split: take_prints(split, data, like.maps(), paired=False) for split, data in splits.items()
    }
    if unread := [line for of_split in taken.values() for line in of_split.unread]:
        raise DataError("\n".join(unread))
    count = Counter(one.name for of_split in taken.values() for one in of_split.samples)
    for split, of_split in taken.items():
        for one in of_split.samples:
            yield Member(one.name if count[one.name] == 1 else f"{split}/{one.name}", split, one)


def _draw(name: str, seed: int, shares: Mapping[str, float]) -> str:
    """The split of a name."""
    said = hashlib.blake2b(f"{seed} {name}".encode("utf-8", "surrogateescape"), digest_size=8)
    place = int.from_bytes(said.digest()) / 2**64
    for split, share in shares.items():
        if place < share:
            return split
        place -= share
    return LEARNED


class _Groups:
    """Samples that stay together, and how they come together."""

    def __init__(self, count: int) -> None:
        self._home = list(range(count))
        self._named: dict[str, int] = {}

    def find(self, place: int) -> int:
        """The first of its group."""
        while self._home[place] != place:
            place = self._home[place]
        return place

    def unite(self, one: int, other: int) -> None:
        """Make one group of two."""
        first, second = sorted((self.find(one), self.find(other)))
        self._home[second] = first

    def join(self, place: int, name: str) -> None:
        """Join all that had that name before."""
        self.unite(self._named.setdefault(name, place), place)

    def firsts(self, names: list[str]) -> dict[int, str]:
        """Of every group the name that comes first."""
        return {home: min(names[n] for n in group) for home, group in self._members().items()}

    def several(self) -> list[list[int]]:
        """Groups of more than one."""
        return [group for group in self._members().values() if len(group) > 1]

    def _members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for place in range(len(self._home)):
            found.setdefault(self.find(place), []).append(place)
        return found


def _alike_groups(like: DataSpec, splits: Mapping[str, Dataset], members: list[Member]) -> _Groups:
    groups, shapes = _Groups(len(members)), like.maps()
    prints = [member.print.prints for member in members]
    for first, *others in duplicates.equal_samples(prints):
        for other in others:
            groups.unite(first, other)
    for one, other in duplicates.alike_samples(prints, prints, shapes):
        if one < other and groups.find(one) != groups.find(other):
            maps, beside = (_read(splits, members[n]).maps for n in (one, other))
            if duplicates.alike(maps, beside, shapes):
                groups.unite(one, other)
    return groups


def _read(splits: Mapping[str, Dataset], member: Member) -> Sample:
    return splits[member.split].read(member.print.index, None)


def _write(
    like: DataSpec, divided: Mapping[str, list[Member]], table: Path, zoo: Zoo | None
) -> DataSpec:
    """Let the first data that reads tables write it."""
    table.parent.mkdir(parents=True, exist_ok=True)

    def write(spec: type[DataSpec]) -> DataSpec:
        samples = {
            split: [Sample(one.name, one.print.files, {}) for one in chosen]
            for split, chosen in divided.items()
        }
        return spec.list_files(samples, table, like)

    return first_that("list_files", write, zoo, "no table can say it")


def _compare(
    spec: DataSpec, splits: Mapping[str, Dataset], divided: Mapping[str, list[Member]]
) -> None:
    """Read every sample by the table and as it was; refuse a difference."""
    for split, chosen in divided.items():
        back = spec.open(split)
        places = names_of(back)
        with progress(len(chosen), f"comparing {split}") as advance:
            for member in chosen:
                again = back.read(places[member.name], None)
                refuse_difference(split, _read(splits, member), again)
                advance()
