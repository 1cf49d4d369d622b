"""What holds for the core and the built-ins: no paper in it, typed, light, documented."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "gan_zoo").rglob("*.py"))
PLUGINS = sorted(folder for folder in (ROOT / "plugins").glob("gan_zoo_*") if folder.is_dir())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Runs a command line in this process and says which of torch's modules came in on the way.
COMMAND = """
import sys
from gan_zoo.cli import main
expected, sys.argv = int(sys.argv[1]), ["gan-zoo", *sys.argv[2:]]
try:
    code = main() or 0
except SystemExit as end:
    code = end.code or 0
heavy = sorted(name for name in sys.modules if name.split(".")[0] in {"torch", "torchvision"})
assert code == expected, f"exit code {code}"
assert not heavy, f"imported {heavy[0]}"
"""

ENTRY_POINTS = """
import sys
from importlib import metadata
found = metadata.entry_points(group="gan_zoo")
entries = [entry for entry in found if entry.dist.name == "gan-zoo"]
for entry in entries:
    entry.load()
    assert "torch" not in sys.modules, f"{entry.value} imports torch"
from gan_zoo.registry.zoo import Zoo
broken = {p.name: p.error for p in Zoo.installed().plugins if p.builtin and p.error}
assert not broken, broken
assert "torch" not in sys.modules, "the zoo imports torch"
print(len(entries))
"""


def fresh(code: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter, where nothing has been imported yet."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_the_core_imports_no_plugin(path: Path) -> None:
    guests = [name for name in imports(path) if name.startswith("gan_zoo_")]
    assert not guests


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_the_core_names_no_paper(path: Path) -> None:
    assert "pix2pix" not in path.read_text().lower()


@pytest.mark.parametrize("folder", [ROOT / "gan_zoo", *PLUGINS], ids=relative)
def test_packages_are_typed(folder: Path) -> None:
    assert (folder / "__init__.py").is_file()
    assert (folder / "py.typed").is_file()


def test_pyproject_lists_every_package() -> None:
    listed = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert listed == ["gan_zoo", *map(relative, PLUGINS)]
    modules = PYPROJECT["project"]["entry-points"]["gan_zoo"]
    assert sorted(modules.values()) == [folder.name for folder in PLUGINS]


def test_loading_every_plugin_imports_no_torch() -> None:
    done = fresh(ENTRY_POINTS)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(PLUGINS)


@pytest.mark.parametrize(
    "line",
    ["--help", "list", "list loss", "list recipes", "plugins", "schema", "show loss l1"],
)
def test_light_commands_import_no_torch(line: str) -> None:
    done = fresh(COMMAND, "0", *line.split())
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_in_a_recipe_is_reported_without_torch(tmp_path: Path) -> None:
    (tmp_path / "mistaken.yaml").write_text("extends: quickstart\ngenerator: {wdith: 32}\n")
    done = fresh(COMMAND, "2", "check", "mistaken.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "mistaken.yaml:2" in said
    assert "width" in said


def hookspecs() -> Iterator[tuple[str, str, str]]:
    """File, name and docstring of every function marked as a hook specification."""
    for path in CORE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                "hookspec" in ast.unparse(mark) for mark in node.decorator_list
            ):
                yield relative(path), node.name, ast.get_docstring(node) or ""


def test_hooks_are_documented() -> None:
    found = list(hookspecs())
    assert {name for _, name, _ in found} >= {"gan_zoo_components", "gan_zoo_recipes"}
    assert not [name for _, name, text in found if not text]


def test_the_doors_show_an_example() -> None:
    doors = [
        (name, text) for path, name, text in hookspecs() if path == "gan_zoo/registry/hooks.py"
    ]
    assert doors
    assert not [name for name, text in doors if "Example:" not in text or ">>>" not in text]


def texts_without_encoding(path: Path) -> Iterator[str]:
    """Places where a file of text is read or written in whatever encoding the machine has."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, given = node.func.attr, {word.arg for word in node.keywords}
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
        opens = name == "open" and str(first) in ("r", "w", "a", "x", "r+", "w+", "a+")
        metadata = name == "read_text" and node.args  # of a distribution, which asks for a name
        texts = opens or (name in ("read_text", "write_text") and not metadata)
        if texts and "encoding" not in given:
            yield f"{relative(path)}:{node.lineno}"


def test_files_of_text_are_utf_8_wherever_they_are_written() -> None:
    paths = [*CORE, *(path for folder in PLUGINS for path in folder.rglob("*.py"))]
    found = [place for path in paths for place in texts_without_encoding(path)]
    assert not found, f'{", ".join(found)}: say encoding="utf-8"'
