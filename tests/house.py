"""The plan of the house, and what breaks it: files at the top, circles, imports to later rooms.

    python tests/house.py                  this checkout
    python tests/house.py --at REVISION    another state, its files in the rooms of this one

An import counts wherever it stands: at the top, in a function, under TYPE_CHECKING.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CORE, DOOR = "gan_zoo", "gan_zoo.components"

# From the ground up. A room may import its own files and rooms that stand before it.
ROOMS = (
    "errors",
    "reporter",
    "components",
    "registry",
    "recipe",
    "engine",
    "runs",
    "checks",
    "data_tools",
    "inference",
    "evaluation",
    "report",
    "importer",
    "training",
    "ablation",
    "serving",
    "hub",
    "editor",
    "scaffold",
    "testing",
    "cli",
    "__init__",
    "__main__",
)
TOP = ("__init__.py", "__main__.py", "errors.py", "reporter.py")


class Import(NamedTuple):
    """One module of ours that another one imports, and in which line."""

    importer: str
    imported: str
    line: int


def modules(root: Path) -> dict[str, Path]:
    """Every module of the core and of the plugins -> its file."""
    found = {}
    for source in (root, root / "plugins", *sorted((root / "plugins").glob("gan-zoo-*"))):
        for package in sorted(source.glob("gan_zoo*")):
            if not (package / "__init__.py").is_file():
                continue
            for path in sorted(package.rglob("*.py")):
                parts = path.relative_to(source).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                found[name] = path
    return found


def imports(files: Mapping[str, Path]) -> Iterator[Import]:
    """Every import between these modules."""
    for importer, path in files.items():
        for node in _statements(path.read_text(encoding="utf-8")):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                source = _source(importer, path, node)
                inside = [f"{source}.{alias.name}" for alias in node.names]
                names = [name if name in files else source for name in inside]
            for name in dict.fromkeys(names):
                if name in files and name != importer:
                    yield Import(importer, name, node.lineno)


@cache  # a test that breaks one file of a copy need not read all others anew
def _statements(code: str) -> Sequence[ast.Import | ast.ImportFrom]:
    """What imports in this code, wherever it stands."""
    nodes = ast.walk(ast.parse(code))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def _source(importer: str, path: Path, node: ast.ImportFrom) -> str:
    """Where names are imported from; dots in front count upwards from the importer's package."""
    if not node.level:
        return node.module or ""
    package = importer.split(".") + ["__init__"] * (path.name == "__init__.py")
    return ".".join([*package[: -node.level], *([node.module] if node.module else [])])


def room_of(module: str) -> str:
    """The room that a module of the core is in."""
    return module.split(".")[1] if "." in module else "__init__"


def to_later_rooms(found: list[Import], names: Mapping[str, str] | None = None) -> list[Import]:
    """Imports within the core from a room that stands before the imported one.

    Args:
        found: All imports.
        names: Module -> what it is called in this house, where that is something else.
    """
    rank = {room: place for place, room in enumerate(ROOMS)}

    def place(module: str) -> int:
        return rank.get(room_of((names or {}).get(module, module)), -1)  # -1: it has no room here

    inside = [one for one in found if _core(one.importer) and _core(one.imported)]
    return [one for one in inside if place(one.imported) > place(one.importer) >= 0]


def past_the_door(code: str, doors: tuple[str, ...] = (DOOR,)) -> Iterator[tuple[int, str]]:
    """Line and module of every import of the core that does not go through these doors."""
    for node in _statements(code):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module or ""]
        yield from ((node.lineno, name) for name in names if _core(name) and name not in doors)


def circles(found: list[Import]) -> list[list[str]]:
    """Modules that import each other, the largest circle first (Tarjan 1972)."""
    graph: dict[str, set[str]] = {}
    for one in found:
        graph.setdefault(one.importer, set()).add(one.imported)
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    made: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        path.append(module)
        for other in sorted(graph.get(module, ())):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in path:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            at = path.index(module)
            made.append(sorted(path[at:]))
            del path[at:]

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return sorted((circle for circle in made if len(circle) > 1), key=len, reverse=True)


def _core(module: str) -> bool:
    return module == CORE or module.startswith(f"{CORE}.")


# ---------------------------------------------------------------------------------- sentences


def told_of_rooms(root: Path) -> list[str]:
    """What to do about each import of a later room."""
    files = modules(root)
    return [
        f"{_path(root, files, one.importer)}:{one.line} imports {one.imported}, and the room "
        f"{room_of(one.imported)} stands after {room_of(one.importer)}. Move what both need into "
        "a room that stands before both, or take it as an argument; the order of the rooms is in "
        "docs/explanation/architecture.md"
        for one in to_later_rooms(list(imports(files)))
    ]


def told_of_circles(root: Path) -> list[str]:
    """What to do about each circle of imports."""
    files = modules(root)
    return [
        f"{', '.join(_path(root, files, module) for module in circle)} import each other, and "
        "nobody can read one without the others. Move what they share into a file of its own, "
        "which imports none of them"
        for circle in circles(list(imports(files)))
    ]


def told_of_the_door(name: str, code: str, doors: tuple[str, ...] = (DOOR,)) -> list[str]:
    """What to do about each import past the doors.

    Args:
        name: Of the file.
        code: What is in it.
        doors: The modules that it may import of the core.
    """
    return [
        f"{name}:{line} imports {module} past the door. Import from {' or '.join(doors)} alone; "
        "if every author should have what it lacks, add it to gan_zoo/components/__init__.py, "
        "else write it beside the component"
        for line, module in past_the_door(code, doors)
    ]


def _path(root: Path, files: Mapping[str, Path], module: str) -> str:
    return files[module].relative_to(root).as_posix()


# ---------------------------------------------------------------------------------- another state


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


def _defined(path: Path) -> list[str]:
    """The classes and functions of a file."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    return [node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)]


def _homes(then: Mapping[str, Path], now: Mapping[str, Path]) -> dict[str, str]:
    """Module of another state -> the module of this one that holds most of what it defined."""
    places: dict[str, list[str]] = {}
    for module, path in now.items():
        for name in _defined(path):
            places.setdefault(name, []).append(module)
    homes = {}
    for module, path in then.items():
        if module in now:
            homes[module] = module
            continue
        found = Counter(new for name in _defined(path) for new in places.get(name, ()))
        homes[module] = max(found, key=lambda new: (found[new], new), default=module)
    return homes


def _report(root: Path, names: Mapping[str, str]) -> None:
    files = modules(root)
    found = list(imports(files))
    top = [path for path in sorted((root / CORE).glob("*.py"))]
    later, round_ = to_later_rooms(found, names), circles(found)
    sizes = ", ".join(str(len(circle)) for circle in round_) or "none"
    print(f"files at the top: {len(top)} ({', '.join(path.stem for path in top)})")
    print(f"circles of imports: {len(round_)} (files in each: {sizes})")
    print(f"imports to later rooms: {len(later)}")
    outside = [path.read_text(encoding="utf-8") for name, path in files.items() if not _core(name)]
    past = [one for code in outside for one in past_the_door(code)]
    print(f"imports of plugins past the door: {len(past)}")
    for circle in round_:
        print(f"  circle: {', '.join(circle)}")
    for one in later:
        print(f"  {one.importer}:{one.line} imports {one.imported}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--at", metavar="REVISION", help="of this repository")
    revision = parser.parse_args().at
    if revision is None:
        _report(ROOT, {})
        return
    with tempfile.TemporaryDirectory() as folder:
        packed = BytesIO(_git("archive", revision, CORE, "plugins"))
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(folder, filter="data")
        _report(Path(folder), _homes(modules(Path(folder)), modules(ROOT)))


if __name__ == "__main__":
    sys.exit(main())
