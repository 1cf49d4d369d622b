"""Loading plugins: whatever one does, it is remembered with it, and the others load."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from gan_zoo.cli.terminal.component import print_component
from gan_zoo.cli.terminal.listing import print_list, print_plugins
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry import plugins
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder

GOOD = """
from gan_zoo.components import hookimpl
from gan_zoo.components import LossSpec
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
    monkeypatch.delenv("GAN_ZOO_PLUGINS", raising=False)

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
        found = plugins.load_installed()
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


HOOK = "from gan_zoo.components import hookimpl\n@hookimpl\n"
SPEC = "from gan_zoo.components import LossSpec, Spec\n"
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


@pytest.mark.parametrize("more", [".1", ".0.0.1"])
def test_a_guest_of_a_slightly_newer_gan_zoo_is_not_loaded(install: Install, more: str) -> None:
    have = metadata.version("gan-zoo")
    assert install(GOOD, requires=f"gan-zoo>={have}{more}").error.startswith("it asks for gan-zoo>")


@pytest.mark.parametrize("more", ["", ".0", ".0.0"])
def test_a_zero_more_is_the_same_version(install: Install, more: str) -> None:
    have = metadata.version("gan-zoo")
    assert not install(GOOD, requires=f"gan-zoo >= {have}{more}").error


def test_requirements_that_nobody_can_read(install: Install) -> None:
    assert install(GOOD, requires="gan-zoo >>> 1").error.startswith("InvalidRequirement: ")


def test_an_odd_name(install: Install) -> None:
    found = install(GOOD, name="my/guest")
    assert found.error == "'my/guest' cannot be a plugin's name; it needs letters, digits, _ and -"


def test_two_packages_of_one_name_are_both_there(install: Install) -> None:
    install(GOOD)
    install(GOOD, package="other-guest")
    found = [p for p in plugins.load_installed() if p.name == "guest"]
    assert [p.package for p in found] == ["gan-zoo-guest", "other-guest"]


def test_only_the_wanted_guests_load(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(GOOD)
    monkeypatch.setenv("GAN_ZOO_PLUGINS", "guest, other")
    assert not install(GOOD, package="other-guest", name="third").components
    found = {p.name: p for p in plugins.load_installed()}
    assert found["guest"].components
    assert found["third"].error == "left out by GAN_ZOO_PLUGINS=guest, other"
    assert found["third"].left_out
    assert found["losses"].components  # built-in components are always there


def test_builtins_load_before_guests(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(GOOD)  # before them on the path
    packages: list[str] = []
    real = plugins.load_entry_point

    def load(entry: metadata.EntryPoint, wanted: set[str] | None = None) -> Plugin:
        packages.append(real(entry, wanted).package)
        return real(entry, wanted)

    monkeypatch.setattr(plugins, "load_entry_point", load)
    plugins.load_installed()
    assert "gan-zoo-guest" in packages
    assert packages == sorted(packages, key=lambda package: package != "gan-zoo")


def test_builtins_come_first_and_load() -> None:
    found = plugins.load_installed()
    assert found == sorted(found, key=lambda p: (not p.builtin, p.name, p.package))
    assert not [p for p in found if p.builtin and p.error]


def test_a_package_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAN_ZOO_PLUGINS", raising=False)
    info = tmp_path / "nameless-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[gan_zoo]\nnameless = absent_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    for metadata_file in (b"Metadata-Version: 2.1\n", b"Name: \xff\n"):
        (info / "METADATA").write_bytes(metadata_file)
        [found] = [p for p in plugins.load_installed() if p.name == "nameless"]
        assert str(found) == "nameless (unknown package)"
        assert found.error


# ---------------------------------------------------------------------------------- recipes

NEEDING = "extends: quickstart\nlosses:\n  mine: {use: guest/mine, weight: 5}\n"


def refused(recipe: Path) -> str:
    """What is said of a recipe that cannot be used, by the plugins as they are now."""
    with pytest.raises(UserError) as caught:
        Recipe.load(recipe, zoo=now())
    return str(caught.value)


def now() -> Zoo:
    return Zoo(plugins.load_installed())


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "needing.yaml"
    path.write_text(NEEDING)
    return path


def test_a_recipe_takes_a_guests_component(install: Install, recipe: Path) -> None:
    install(GOOD)
    loss = Recipe.load(recipe, zoo=now()).losses["mine"]
    assert (type(loss).__name__, loss.weight) == ("MineSpec", 5)


def test_an_uninstalled_guest_leaves_everything_else_working(
    install: Install, recipe: Path, tmp_path: Path
) -> None:
    install(GOOD)
    whole = now()
    made = RunFolder(tmp_path / "run")
    made.path.mkdir()
    (made.path / "recipe.yaml").write_text(NEEDING)
    (made.path / "plugins.json").write_text('[{"package": "gan-zoo-guest", "version": "0.3"}]')
    assert made.recipe(whole).losses["mine"].weight == 5
    shutil.rmtree(tmp_path / "gan-zoo-guest")
    left = now()
    assert {p.name for p in whole.plugins} - {p.name for p in left.plugins} == {"guest"}
    for kind in plugins.KINDS:
        assert list(left.claims(kind)) == [n for n in whole.claims(kind) if n != "guest/mine"]
    assert Recipe.load("quickstart", zoo=left) == Recipe.load("quickstart", zoo=whole)
    lack = "its plugin is not installed: pip install gan-zoo-guest"
    assert refused(recipe) == (f"{recipe}:3: losses.mine.use: unknown loss 'guest/mine'; {lack}")
    with pytest.raises(UserError, match=f"{lack}\nThe run was made with gan-zoo-guest 0.3"):
        made.recipe(left)


@pytest.mark.parametrize("said", ["run", "extended"])
def test_a_recipe_of_an_absent_guest_says_which_to_install(said: str, tmp_path: Path) -> None:
    name: str | Path = "absent/theirs"
    if said == "extended":
        name = tmp_path / "mine.yaml"
        name.write_text("extends: absent/theirs\n")
    with pytest.raises(UserError) as caught:
        Recipe.load(name, zoo=Zoo([]))
    lack = "no shipped recipe of that name; its plugin is not installed: pip install gan-zoo-absent"
    assert str(caught.value).endswith(lack)


BROKEN = {
    "raises at import": (
        {"code": "raise RuntimeError('no licence')"},
        "RuntimeError: no licence (gan_zoo_guest.py:1)",
    ),
    "asks for a newer core": (
        {"code": GOOD, "requires": "gan-zoo>=99"},
        f"it asks for gan-zoo>=99, and this is {metadata.version('gan-zoo')}: "
        "pip install 'gan-zoo>=99'",
    ),
}


@pytest.mark.parametrize(("guest", "why"), BROKEN.values(), ids=BROKEN)
def test_a_guest_that_does_not_load_stops_nothing_but_what_needs_it(
    guest: dict[str, str],
    why: str,
    install: Install,
    recipe: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(**guest)
    print_list(now())
    listed = capsys.readouterr().out
    assert "\nNot loaded: guest (gan-zoo-guest 0.3); `gan-zoo plugins` says why\n" in listed
    assert "  unet  " in listed
    print_plugins(now())
    rows = [line.split(maxsplit=4) for line in capsys.readouterr().out.splitlines()]
    assert ["guest", "gan-zoo-guest", "0.3", "-", f"not loaded: {why}"] in rows
    assert Recipe.load("quickstart", zoo=now()).losses
    told = f"unknown loss 'guest/mine'; its plugin guest (gan-zoo-guest 0.3) did not load: {why}"
    assert refused(recipe) == f"{recipe}:3: losses.mine.use: {told}"


def test_two_packages_of_one_name_are_shown_and_refused(
    install: Install, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(GOOD)
    install(GOOD, package="other-guest")
    print_plugins(now())
    said = capsys.readouterr().out
    assert said.count("loss guest/mine") == 2
    print_list(now(), "loss")
    said = capsys.readouterr().out
    assert "guest/mine  " in said
    assert "claimed by gan-zoo-guest 0.3 and other-guest 0.3: no recipe can use it" in said
    assert refused(recipe) == (
        f"{recipe}:3: losses.mine.use: loss 'guest/mine' is claimed by guest (gan-zoo-guest 0.3) "
        "and guest (other-guest 0.3); uninstall one of them"
    )
    assert Recipe.load("quickstart", zoo=now()).losses


def test_a_guest_whose_contract_raises_is_shown_all_the_same(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(GOOD.replace("def needs(self): return {}", "def needs(self): return {}[0]"))
    print_component(now(), "loss", "guest/mine")
    said = capsys.readouterr().out
    assert "guest/mine: loss, from guest (gan-zoo-guest 0.3)\n  Mine.\n" in said
    assert "weight  number >= 0  1.0" in said
    assert "cannot be told  KeyError: 0" in said
    assert "losses: {mine: {use: guest/mine}}" in said


def test_nobody_is_told_of_a_guest_that_was_left_out(
    install: Install,
    recipe: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(GOOD)
    monkeypatch.setenv("GAN_ZOO_PLUGINS", "")
    print_list(now())
    assert "Not loaded" not in capsys.readouterr().out
    with pytest.raises(UserError) as caught:
        now().get("loss", "zebra")
    assert "guest" not in str(caught.value)
    assert refused(recipe).endswith(
        "guest (gan-zoo-guest 0.3) did not load: left out by GAN_ZOO_PLUGINS="
    )
