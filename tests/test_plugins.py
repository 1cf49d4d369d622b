"""Loading plugins: whatever one does, it is remembered with it, and the others load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from gan_zoo import plugins
from gan_zoo.plugins import Plugin
from gan_zoo.zoo import Zoo

GOOD = """
from gan_zoo.hooks import hookimpl
from gan_zoo.specs import LossSpec
class MineSpec(LossSpec, name="mine"):
    "Mine."
    def needs(self): return {}
    def build(self): return None
@hookimpl
def gan_zoo_components(): return [MineSpec]
"""

Install = Callable[..., Plugin]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with one plugin on the path and loads all; returns what became of it."""

    def install(
        code: str, name: str = "guest", package: str = "gan-zoo-guest", requires: str = "gan-zoo"
    ) -> Plugin:
        module = package.replace("-", "_")
        site = tmp_path / package
        info = site / f"{module}-0.3.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(code)
        requires = f"Requires-Dist: {requires}\n" if requires else ""
        about = f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.3\n{requires}"
        (info / "METADATA").write_text(about)
        (info / "entry_points.txt").write_text(f"[gan_zoo]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, module, raising=False)
        found = plugins.installed()
        monkeypatch.delitem(sys.modules, module, raising=False)
        assert [p for p in found if p.builtin and p.components]
        return next(p for p in found if p.package == package)

    return install


def test_a_guest_loads(install: Install) -> None:
    found = install(GOOD)
    assert (found.name, found.package, found.version, found.error) == (
        *("guest", "gan-zoo-guest", "0.3"),
        "",
    )
    assert [spec.name for spec in found.components] == ["mine"]
    assert found.seconds > 0
    assert not found.builtin


HOOK = "from gan_zoo.hooks import hookimpl\n@hookimpl\n"
SPEC = "from gan_zoo.specs import LossSpec, Spec\n"
ERRORS = {
    "raises": ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "exits": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "is not Python": ("def (", "SyntaxError: invalid syntax (gan_zoo_guest.py, line 1)"),
    "needs what is absent": ("import mist", "ModuleNotFoundError: No module named 'mist'"),
    "misspells its hook": (
        f"{HOOK}def gan_zoo_component(): return []",
        "PluginValidationError: unknown hook 'gan_zoo_component' in plugin ",
    ),
    "brings nothing": ("", "TypeError: gan_zoo_guest brings no component and no recipe"),
    "returns a number": (
        f"{HOOK}def gan_zoo_components(): return 5",
        "TypeError: gan_zoo_components returned 5, where a list is expected",
    ),
    "returns one folder": (
        f"{HOOK}def gan_zoo_recipes(): return '/tmp'",
        "TypeError: gan_zoo_recipes returned '/tmp', where a list is expected",
    ),
    "returns no folder": (
        f"{HOOK}def gan_zoo_recipes(): return ['absent']",
        "TypeError: gan_zoo_recipes returned 'absent', which is not a folder",
    ),
    "returns no specs": (
        f"{HOOK}def gan_zoo_components(): return [int]",
        "TypeError: gan_zoo_components returned <class 'int'>, which is not a spec class",
    ),
    "fails on the way": (
        f"{HOOK}def gan_zoo_components():\n    yield from ()\n    raise OSError('disk')",
        "OSError: disk",
    ),
    "does not name its spec": (
        f"{SPEC}class A(LossSpec): pass\n{HOOK}def gan_zoo_components(): return [A]",
        "TypeError: A needs a kind (",
    ),
    "names its spec oddly": (
        f"{SPEC}class A(LossSpec, name='a/b'): pass\n{HOOK}def gan_zoo_components(): return [A]",
        "TypeError: A needs a kind (",
    ),
    "has a spec of no kind": (
        f"{SPEC}class A(Spec, name='a'): pass\n{HOOK}def gan_zoo_components(): return [A]",
        "TypeError: A needs a kind (",
    ),
    "brings one name twice": (
        f"{GOOD.replace('[MineSpec]', '[MineSpec, MineSpec]')}",
        "TypeError: the loss 'mine' comes twice",
    ),
}


@pytest.mark.parametrize(("code", "error"), ERRORS.values(), ids=ERRORS)
def test_a_broken_guest_is_remembered(install: Install, code: str, error: str) -> None:
    found = install(code)
    assert found.error.startswith(error)
    assert not found.components


def test_a_recipe_that_needs_a_broken_guest_is_told(install: Install) -> None:
    zoo = Zoo([install("raise RuntimeError('no licence')")])
    with pytest.raises(Exception, match="did not load: RuntimeError: no licence"):
        zoo.get("loss", "guest/mine")


def test_a_guest_of_a_newer_gan_zoo_is_not_loaded(install: Install) -> None:
    found = install("raise RuntimeError('loaded')", requires="Gan_Zoo >=99, <100")
    have = metadata.version("gan-zoo")
    assert found.error == (
        f"it asks for gan-zoo<100,>=99, and this is {have}: pip install 'gan-zoo<100,>=99'"
    )


@pytest.mark.parametrize(
    "requires",
    ["gan-zoo", "gan-zoo>=0.1", "gan-zoo>=99; extra == 'later'", "gan-zoo-other>=99", ""],
)
def test_a_guest_whose_wishes_are_met_is_loaded(install: Install, requires: str) -> None:
    assert not install(GOOD, requires=requires).error


def test_requirements_that_nobody_can_read(install: Install) -> None:
    assert install(GOOD, requires="gan-zoo >>> 1").error.startswith("InvalidRequirement: ")


def test_an_odd_name(install: Install) -> None:
    found = install(GOOD, name="my/guest")
    assert found.error == "'my/guest' cannot be a plugin's name; it needs letters, digits, _ and -"


def test_two_packages_of_one_name_are_both_there(install: Install) -> None:
    install(GOOD)
    install(GOOD, package="other-guest")
    found = [p for p in plugins.installed() if p.name == "guest"]
    assert [p.package for p in found] == ["gan-zoo-guest", "other-guest"]


def test_only_the_wanted_guests_load(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(GOOD)
    monkeypatch.setenv("GAN_ZOO_PLUGINS", "guest, other")
    assert not install(GOOD, package="other-guest", name="third").components
    found = {p.name: p for p in plugins.installed()}
    assert found["guest"].components
    assert found["third"].error == "left out by GAN_ZOO_PLUGINS=guest, other"
    assert found["losses"].components  # built-in components are always there


def test_builtins_come_first_and_load() -> None:
    found = plugins.installed()
    assert found == sorted(found, key=lambda p: (not p.builtin, p.name, p.package))
    assert not [p for p in found if p.builtin and p.error]


def test_a_package_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "nameless-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\n")
    (info / "entry_points.txt").write_text("[gan_zoo]\nnameless = absent_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = [p for p in plugins.installed() if p.name == "nameless"]
    assert all(str(p) == "nameless (unknown package)" and p.error for p in found)
