"""The conformance kit: what every component of gan-zoo must keep to, ours and strangers' alike.

A plugin's test file is two lines:

    from gan_zoo.testing import conformance

    test_hello = conformance("hello")

Every check of every component of the plugin is then a test of its own, and a failure says what was
done, what came of it, what was expected and what to do. The checks build and run `Spec.example()`;
override it where an option is required or the defaults are large.

For tests of your own there are `phase(recipe)`, `step(recipe)`, `rehearse(recipe)`, `playing`,
`picture_of`, `saved_state` and `read_ablation(file)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gan_zoo.ablation.file import read_ablation
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.spec import Spec
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.errors import UserError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing import (  # noqa: F401  # each adds its checks
    all_components,
    conditions,
    data,
    executors,
    losses,
    methods,
    metrics,
    modules,
    modules_in_use,
    network_parts,
    networks,
    optimizers_and_inits,
    option_effects,
    resuming,
)
from gan_zoo.testing.game import (
    phase,
    picture_of,
    playing,
    saved_state,
    step,
)
from gan_zoo.testing.subject import Advice, Case, NotAtHand, cases, checks

__all__ = [
    "Advice",
    "Case",
    "NotAtHand",
    "PhaseRunner",
    "checks",
    "conformance",
    "examine",
    "phase",
    "picture_of",
    "playing",
    "read_ablation",
    "rehearse",
    "saved_state",
    "step",
]


def conformance(*plugins: str) -> Callable[[Case], None]:
    """A test function for pytest, parametrized over every check of every component.

    Args:
        plugins: Names of installed plugins, as `gan-zoo plugins` shows them; all if none is named.

    Raises:
        UserError: a plugin is not installed, or did not load.
    """
    import pytest

    @pytest.mark.parametrize("case", list(_cases(plugins)), ids=str)
    def test_component(case: Case) -> None:
        lack = said = ""
        try:
            case.run()
        except NotAtHand as problem:
            lack = str(problem)
        except Advice as advice:
            if advice.__cause__ is not None:
                raise  # with the component's own traceback
            said = f"{case}\n{advice}"
        if lack:
            pytest.skip(lack)
        if said:
            pytest.fail(said, pytrace=False)

    return test_component


def examine(spec: type[Spec], *titles: str) -> dict[str, str]:
    """The same checks without pytest: title -> what it says, of those that fail.

    Args:
        spec: A spec class, which need not be installed.
        titles: Only these checks.
    """
    zoo = Zoo.installed()
    if zoo.owner(spec) is None:
        zoo = Zoo([*zoo.plugins, Plugin("examined", "examined", "0", (spec,))])
    found = {}
    for case in cases([spec], zoo):
        if titles and case.title not in titles:
            continue
        try:
            case.run()
        except NotAtHand:
            continue
        except Advice as advice:
            found[case.title] = str(advice)
    return found


def _cases(names: Iterable[str]) -> Iterator[Case]:
    zoo = Zoo.installed()
    known = {plugin.name: plugin for plugin in zoo.plugins}
    for name in names or [name for name, plugin in known.items() if not plugin.left_out]:
        if name not in known:
            there = ", ".join(known)
            raise UserError(f"no plugin '{name}' is installed; there are {there}")
        plugin = known[name]
        if plugin.error:
            raise UserError(f"plugin {plugin} did not load: {plugin.error}")
        yield all_components.of_plugin(plugin)
        yield from cases(plugin.components, zoo)
