"""How a broken contract speaks: at the option that it names, with what was probably meant."""

from __future__ import annotations

from collections.abc import Collection

from gan_zoo.errors import ContractError, near_misses
from gan_zoo.recipe.problems import Keys, Problem


def broken_contract(keys: Keys, problem: ContractError) -> Problem:
    """A broken contract at the option that it names."""
    return Problem((*keys, *filter(None, problem.option.split("."))), str(problem))


def hint_at(name: str, known: Collection[str]) -> str:
    """What was probably meant, or all there is."""
    near = near_misses(name, known)
    return f"did you mean {near[0]}?" if near else list_all(known)


def hint_at_part(path: str, known: Collection[str]) -> str:
    """The hint for a part: among its neighbors, where its first steps are right."""
    above, _, last = path.rpartition(".")
    inside = {one.rpartition(".")[2]: one for one in known if one.rpartition(".")[0] == above != ""}
    near = [inside[name] for name in near_misses(last, inside)]
    if not inside:
        return hint_at(path, known)
    return f"did you mean {near[0]}?" if near else list_all(inside.values())


def list_all(known: Collection[str]) -> str:
    """All there is."""
    return f"there {'are' if len(known) > 1 else 'is only'} {', '.join(known)}"
