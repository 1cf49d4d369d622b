"""Every check of the kit is tripped by a faulty component; what nothing trips proves nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from gan_zoo.components.spec import Spec
from gan_zoo.testing.subject import _CHECKS
from tests.testing.faults import Faults

# Check -> the kinds that it is for, and its title.
CHECKS: dict[Callable[..., None], tuple[list[type[Spec]], str]] = {}
for kind, title, function in _CHECKS:
    CHECKS.setdefault(function, ([], title))[0].append(kind)


def tripped() -> set[tuple[type[Spec], str]]:
    """Faulty component, and the check that it fails by the tests beside this file."""
    found = set()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        faults = getattr(importlib.import_module(f"tests.testing.{path.stem}"), "fault", None)
        if isinstance(faults, Faults):
            found |= {(spec, title) for spec, title, _ in faults.found}
    return found


@pytest.fixture(scope="module")
def faults() -> set[tuple[type[Spec], str]]:
    return tripped()


@pytest.mark.parametrize(
    "function", CHECKS, ids=lambda check: f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
)
def test_a_faulty_component_trips_it(
    function: Callable[..., None], faults: set[tuple[type[Spec], str]]
) -> None:
    kinds, title = CHECKS[function]
    assert [spec for spec, fails in faults if fails == title and issubclass(spec, tuple(kinds))]
