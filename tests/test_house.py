"""The plan of the house: rooms in order, no circles, one door. Each failure says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gan_zoo import components
from gan_zoo.scaffold import templates
from tests.house import (
    DOOR,
    ROOMS,
    ROOT,
    TOP,
    modules,
    room_of,
    told_of_circles,
    told_of_rooms,
    told_of_the_door,
)

LONGEST = 300
TESTS = (DOOR, "gan_zoo", "gan_zoo.testing")  # the doors of tests, and of what is typed at a prompt
GUESTS = sorted(path for path in (ROOT / "plugins").glob("gan-zoo-*") if path.is_dir())
HELLO = ROOT / "docs/examples/gan-zoo-hello"
PAGES = sorted(
    page for kind in ("how-to", "tutorials") for page in (ROOT / "docs" / kind).iterdir()
)
IMPORT = re.compile(r"^ *(?:from gan_zoo[\w.]* import .+|import gan_zoo[\w.]*)$", re.MULTILINE)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------------------------- this house


def test_only_these_files_lie_at_the_top() -> None:
    loose = {path.name for path in (ROOT / "gan_zoo").glob("*.py")} - {*TOP}
    assert not loose, f"{sorted(loose)}: put each into the room whose subject it is"


def test_every_room_has_its_place() -> None:
    rooms = {room_of(module) for module in modules(ROOT) if module.partition(".")[0] == "gan_zoo"}
    assert not rooms - {*ROOMS}, "name a new room in tests/house.py and architecture.md"


def test_the_page_draws_the_rooms_in_their_order() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| [")]
    drawn = [room for row in rows for room in re.findall(r"\(\.\./\.\./gan_zoo/(\w+)", row)]
    rooms = {room_of(module) for module in modules(ROOT) if module.partition(".")[0] == "gan_zoo"}
    there = [room for room in ROOMS if room in rooms and not room.startswith("__")]
    assert list(dict.fromkeys(drawn))[: len(there)] == there


def test_no_room_imports_a_later_one() -> None:
    told = told_of_rooms(ROOT)
    assert not told, "\n".join(told)


def test_no_files_import_each_other() -> None:
    told = told_of_circles(ROOT)
    assert not told, "\n".join(told)


def components_of_others() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name -> code and its doors, of all that stands where a stranger's code could stand."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    packages = [*(ROOT / "plugins").glob("gan_zoo_*"), *GUESTS, HELLO]
    for path in (path for package in packages for path in sorted(package.rglob("*.py"))):
        tests = "tests" in path.relative_to(ROOT).parts
        found[relative(path)] = path.read_text(encoding="utf-8"), TESTS if tests else (DOOR,)
    for kind in templates.KINDS:
        for name, content in templates.package("mine", kind).items():
            if Path(name).suffix == ".py":
                doors = TESTS if Path(name).parts[0] == "tests" else (DOOR,)
                found[f"template {kind}: {name}"] = content.decode(), doors
    for page in PAGES:
        lines = IMPORT.findall(page.read_text(encoding="utf-8"))
        found[relative(page)] = "\n".join(line.strip() for line in lines), TESTS
    return found


OTHERS = components_of_others()


@pytest.mark.parametrize("name", OTHERS)
def test_components_come_in_by_the_door_alone(name: str) -> None:
    told = told_of_the_door(name, *OTHERS[name])
    assert not told, "\n".join(told)


def test_the_door_is_looked_at_everywhere() -> None:
    """The built-ins, five guests with their tests, hello, nine templates, the pages."""
    assert len([name for name in OTHERS if name.startswith("plugins/gan_zoo_")]) > 60
    assert len(GUESTS) == 5
    for guest in GUESTS:
        names = [name for name in OTHERS if name.startswith(relative(guest))]
        assert {"tests", f"{guest.name.replace('-', '_')}"} <= {Path(n).parts[2] for n in names}
    assert len({name.partition(":")[0] for name in OTHERS if name.startswith("template")}) == 9
    assert (
        "from gan_zoo.components import LossSpec" in OTHERS["docs/tutorials/first-component.md"][0]
    )
    assert f"{relative(HELLO)}/gan_zoo_hello.py" in OTHERS


SOURCES = sorted(modules(ROOT).values())


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_is_a_comfortable_page(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    told = f"{relative(path)} has {lines} lines, and {LONGEST} are the most"
    assert lines <= LONGEST, f"{told}; cut it where its subjects part"


@pytest.mark.parametrize("name", components.__all__)
def test_every_name_of_the_door_is_documented(name: str) -> None:
    thing = getattr(components, name)
    home = "gan_zoo.components." + components._HOMES.get(name, name).rpartition(".")[2]
    documented = isinstance(thing, dict) or not hasattr(thing, "__module__")
    if hasattr(thing, "__module__") and thing.__module__.startswith("gan_zoo"):
        documented = bool(thing.__doc__) and not thing.__doc__.startswith(f"{name}(")
    elif not documented:  # an alias of types, or a marker: its module tells
        documented = home in components._MODULES
    assert documented, f"{name}: write its docstring: what it is, units and ranges, errors raised"
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    assert f"### {name}" in page, f"{name} is not in docs/reference/api.md; run make reference"


# ---------------------------------------------------------------------------------- planted faults


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A copy of the sources, to be broken."""
    for path in SOURCES:
        copy = tmp_path / relative(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert told_of_rooms(tmp_path) == told_of_circles(tmp_path) == []
    return tmp_path


def plant(root: Path, file: str, line: str) -> str:
    """Add a line at the end of a file; the place where it is."""
    path = root / file
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    return f"{file}:{len(path.read_text(encoding='utf-8').splitlines())}"


@pytest.mark.parametrize(
    "line",
    [
        "from gan_zoo.engine.phase import PhaseRunner",
        "def f(): import gan_zoo.engine.phase",
        "if TYPE_CHECKING: from gan_zoo.engine import phase",
        "from ..engine.phase import PhaseRunner",
        "from ..engine import phase",
    ],
    ids=["at the top", "in a function", "for annotations", "by dots", "a module by dots"],
)
def test_an_import_of_a_later_room_is_told(planted: Path, line: str) -> None:
    place = plant(planted, "gan_zoo/recipe/tree.py", line)
    [told] = told_of_rooms(planted)
    assert told == (
        f"{place} imports gan_zoo.engine.phase, and the room engine stands after recipe. Move what "
        "both need into a room that stands before both, or take it as an argument; the order of "
        "the rooms is in docs/explanation/architecture.md"
    )


def test_a_circle_is_told(planted: Path) -> None:
    plant(planted, "gan_zoo/recipe/tree.py", "def late(): from gan_zoo.recipe import text")
    plant(planted, "gan_zoo/recipe/text.py", "from gan_zoo.recipe import tree")
    told = told_of_circles(planted)
    assert told == [
        "gan_zoo/recipe/text.py, gan_zoo/recipe/tree.py import each other, and nobody can read one "
        "without the others. Move what they share into a file of its own, which imports none of "
        "them"
    ]


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("from gan_zoo.engine.phase import PhaseRunner", "gan_zoo.engine.phase"),
        ("def late(): import gan_zoo.errors", "gan_zoo.errors"),
        ("from gan_zoo.components.shapes import Image", "gan_zoo.components.shapes"),
        ("from gan_zoo import Recipe", "gan_zoo"),
    ],
)
def test_a_component_that_reaches_past_the_door_is_told(line: str, module: str) -> None:
    name, (code, doors) = next(
        item for item in OTHERS.items() if "gan_zoo_losses/features" in item[0]
    )
    told = told_of_the_door(name, f"{code}\n{line}\n", doors)
    assert told == [
        f"{name}:{len(code.splitlines()) + 2} imports {module} past the door. Import from "
        "gan_zoo.components alone; if every author should have what it lacks, add it to "
        "gan_zoo/components/__init__.py, else write it beside the component"
    ]
