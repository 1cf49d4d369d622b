"""What a caller says of styles: for whom, and which.

A rule is `[instance:ID=|class:C=]sample|cluster:K|encode:IMAGE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gan_zoo.errors import UserError

SYNTAX = "[instance:ID=|class:C=]sample|cluster:K|encode:IMAGE"

Choice = str | Tensor  # sample, cluster:K, encode:IMAGE; or the numbers themselves
Key = tuple[str, int]  # ("instance", id), ("class", class), or ("", 0) for all


@dataclass(frozen=True)
class Rules:
    """What one call says, and finds.

    Args:
        chosen: Whom a style is for -> which.
        met: Those of them that its pictures have had so far.
    """

    chosen: Mapping[Key, Choice]
    met: set[Key] = field(default_factory=set, compare=False)


def read_rules(said: Any) -> Rules:
    """What a caller says of styles: nothing, a rule, several, or whom -> which.

    Raises:
        UserError: the syntax is another, or two rules are for the same.
    """
    if isinstance(said, Rules):
        return said
    if said is None:
        return Rules({})
    pairs: Iterable[tuple[str, Any]]
    if isinstance(said, Mapping):
        pairs = said.items()
    else:
        each = [said] if isinstance(said, str) else said
        pairs = [_split(one) for one in each]
    chosen: dict[Key, Choice] = {}
    for whom, which in pairs:
        key = _key(whom)
        if key in chosen:
            raise UserError(f"--style: two styles came for {whom or 'all'}; give one of them")
        chosen[key] = _choice(which)
    return Rules(chosen)


def _split(rule: str) -> tuple[str, str]:
    whom, equals, which = rule.partition("=")
    if equals and whom.startswith(("instance:", "class:")):
        return whom, which
    return "", rule


def _key(whom: str) -> Key:
    kind, _, number = whom.partition(":")
    if not whom:
        return "", 0
    if kind not in ("instance", "class") or not number.isdecimal():
        raise UserError(f"--style: {whom} came; instance:ID or class:C was expected, as {SYNTAX}")
    return kind, int(number)


def _choice(which: Any) -> Choice:
    if isinstance(which, Tensor):
        return which
    kind, _, rest = str(which).partition(":")
    fits = which == "sample" or (kind == "encode" and rest)
    if not (fits or (kind == "cluster" and rest.isdecimal())):
        raise UserError(f"--style: {which} came; {SYNTAX} was expected")
    return str(which)
