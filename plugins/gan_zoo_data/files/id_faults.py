"""What is wrong with the ids of a map, and the lines of a recipe that cure it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from gan_zoo_data.faults import Fault
from gan_zoo_data.files.id_rules import Color, Ids, list_unknown_ids

SHOWN = 5
MASK = {0, 255}  # what programs store where only yes and no are meant


@dataclass(frozen=True)
class Strange(Fault):
    """Ids that the recipe does not know.

    Args:
        rule: What they may be.
        found: All ids of the file, or of several.
        fixed: Only the file can change.
    """

    rule: Ids
    found: frozenset[int]
    fixed: bool

    @property
    def kind(self) -> tuple[Ids, bool]:
        """The rule that they break."""
        return self.rule, self.fixed

    def joined(self, other: Self) -> Self:
        """The ids of all files."""
        return replace(self, found=self.found | other.found)

    def told(self, *, several: bool = False) -> str:
        """The ids, what the recipe says, and the cure."""
        strange = list_unknown_ids(sorted(self.found), self.rule)
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        ids = ", ".join(map(str, strange[:SHOWN]))
        hold = "together they hold" if several else "holds"
        rule = f"{self.rule.said}: {self.rule.classes}, which are 0 to {_last(self.rule)}"
        return (
            f"{hold} the id{'s' * (len(strange) > 1)} {ids}{more}, but the recipe says {rule}; "
            + self._cure(strange, ids)
        )

    def _cure(self, strange: list[int], shown: str) -> str:
        if self.fixed:
            return "give these pixels ids that the model knows"
        said = self.rule.said
        if self.found <= MASK:
            two = "" if self.rule.classes == 2 else f" and `{said}: 2`"
            return (
                "as a mask of 0 and 255 it has two classes, whose ids are 0 and 1: say "
                f"`{self.rule.option('remap', '255: 1')}`{two}; only where 255 means unlabeled, "
                "say `ignore: [255]`"
            )
        kept = "".join(f"{one}, " for one in self.rule.ignore)
        ignored = kept + (shown if len(strange) <= SHOWN else f"{shown}, ...")
        return (
            f"say `ignore: [{ignored}]` where they are no classes, `{said}: {strange[-1] + 1}` "
            "where they are, or correct the file"
        )


@dataclass(frozen=True)
class TooMany(Fault):
    """More different ids in a picture than the recipe says.

    Args:
        rule: What they may be.
        count: How many there are.
        fixed: Only the file can change.
    """

    rule: Ids
    count: int
    fixed: bool

    @property
    def kind(self) -> tuple[str, Ids, bool]:
        """The rule that they break."""
        return "many", self.rule, self.fixed

    def joined(self, other: Self) -> Self:
        """The largest count."""
        return replace(self, count=max(self.count, other.count))

    def told(self, *, several: bool = False) -> str:
        """The count, what the recipe says, and the cure."""
        said = self.rule.said
        cure = "merge the smallest" if self.fixed else f"say `{said}: {self.count}` or more"
        hold = "each holds up to" if several else "holds"
        return (
            f"{hold} {self.count} different ids, but the recipe says {said}: "
            f"{self.rule.instances}; {cure}"
        )


@dataclass(frozen=True)
class Beyond(Fault):
    """Ids below 0, or too large.

    Args:
        rule: What they may be.
        found: Those of the file, or of several.
        fixed: Only the file can change.
    """

    rule: Ids
    found: frozenset[int]
    fixed: bool

    @property
    def kind(self) -> tuple[str, Ids]:
        """The rule that they break."""
        return "beyond", self.rule

    def joined(self, other: Self) -> Self:
        """The ids of all files."""
        return replace(self, found=self.found | other.found)

    def told(self, *, several: bool = False) -> str:
        """The ids and the cure."""
        ids = sorted(self.found)
        shown = ", ".join(map(str, ids[:SHOWN]))
        told = f"{'each ' * several}holds the id{'s' * (len(ids) > 1)} {shown}, but ids count from "
        told += "0 to 2147483647"
        if self.fixed or self.rule.classes is None:
            return f"{told}; correct the file"
        pairs = ", ".join(f"{one}: 255" for one in ids[:SHOWN])
        kept = "".join(f"{one}, " for one in self.rule.ignore if one != 255)
        ignored = "" if 255 in self.rule.ignore else f" and `ignore: [{kept}255]`"
        return f"{told}; where they are no class, say `{self.rule.option('remap', pairs)}`{ignored}"


@dataclass(frozen=True)
class Unknown(Fault):
    """Colors that the palette, or the table of segments, does not know.

    Args:
        rule: With either.
        found: Color -> pixels of it, in the file or in several.
        fixed: Only the file can change.
    """

    rule: Ids
    found: Mapping[Color, int] = field(hash=False)
    fixed: bool

    @property
    def kind(self) -> tuple[str, Ids, bool]:
        """The palette."""
        return "unknown", self.rule, self.fixed

    def joined(self, other: Self) -> Self:
        """The colors of both."""
        both = dict(self.found)
        for color, count in other.found.items():
            both[color] = both.get(color, 0) + count
        return replace(self, found=both)

    def told(self, *, several: bool = False) -> str:
        """The colors, most frequent first, and the cure."""
        ranked = sorted(self.found.items(), key=lambda pair: -pair[1])
        shown = ", ".join(f"{list(color)} ({count:,} pixels)" for color, count in ranked[:SHOWN])
        more = len(ranked) - SHOWN
        tail = f" and {more} more" if more > 0 else ""
        hold = "together they hold" if several else "holds"
        told = f"{hold} the color{'s' * (len(ranked) > 1)} {shown}{tail}, "
        if self.rule.segments:
            return f"{told}which are no segments of {self.rule.segments.file}; get both again"
        if self.fixed:
            return f"{told}which the `palette` of the model does not know; paint them in its colors"
        told += "which `palette` does not know; add "
        told += "it" if len(ranked) == 1 else "them"
        if more > 0:
            return f"{told}, or, where they lie along edges, make the file anew without smoothing"
        return f"{told}, or correct the file"


def _last(rule: Ids) -> str:
    ignored = f" and {', '.join(map(str, rule.ignore))}" if rule.ignore else ""
    return f"{(rule.classes or 0) - 1}{ignored}"
