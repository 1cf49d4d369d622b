"""A new plugin is whole: it installs, keeps to the contracts, and says what it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gan_zoo.components.kinds import KINDS
from gan_zoo.errors import UserError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.scaffold import new_plugin, templates
from tests.cli.conftest import Command

KINDS_OF = pytest.mark.parametrize("kind", templates.KINDS)
NAMES = {kind: f"my_{kind}" for kind in templates.KINDS}
EMPTY = Zoo([])
RUFF = (
    *("--isolated", "--line-length", "100"),
    *("--select", "E,F,I,UP,B,SIM,ANN,RUF,PT,D1", "--ignore", "ANN401,D105,D107"),
    *("--per-file-ignores", "tests/**:D1"),
)


def python(*arguments: str | Path, folder: Path, **environment: str) -> str:
    """Run Python in a folder, and return what it said."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Written:
    """One new plugin of every kind, all on the path as if they were installed.

    Args:
        parent: Where they lie, each with its tests.
    """

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        self.environment = {"PYTHONPATH": str(parent), "GAN_ZOO_PLUGINS": ",".join(NAMES.values())}
        for kind, name in NAMES.items():
            folder = new_plugin.write(name, kind, EMPTY, parent)
            (parent / f"gan_zoo_{name}").symlink_to(folder / f"gan_zoo_{name}")
            project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
            info = parent / f"gan_zoo_{name}-{project['version']}.dist-info"  # what pip leaves
            info.mkdir()
            needs = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n{needs}"
            )
            [(group, entries)] = project["entry-points"].items()
            lines = [f"{entry} = {module}" for entry, module in entries.items()]
            (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))

    def folder(self, kind: str) -> Path:
        return self.parent / f"gan-zoo-{NAMES[kind]}"

    def said(self, *words: str) -> str:
        """What a command says where all of them are installed."""
        return python("-m", "gan_zoo", *words, folder=self.parent, **self.environment)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("plugins"))


@pytest.fixture(scope="module")
def report(written: Written) -> dict[str, list[str]]:
    """Kind -> the tests of its plugin that passed, all run by one pytest, in their own words."""
    python(
        *("-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib"),
        *("-q", "--junitxml=report.xml", *(written.folder(kind) for kind in templates.KINDS)),
        folder=written.parent,
        **written.environment,
    )
    found: dict[str, list[str]] = {kind: [] for kind in templates.KINDS}
    for case in ElementTree.parse(written.parent / "report.xml").iter("testcase"):
        kind = case.attrib["classname"].rpartition("test_my_")[2]
        assert not list(case), f"{case.attrib['name']} was not run"  # skipped
        found[kind].append(case.attrib["name"])
    return found


def test_every_kind_of_component_that_brings_something_to_run_has_a_template() -> None:
    assert set(KINDS) - set(templates.KINDS) == {"optimizer", "init"}


@KINDS_OF
def test_its_own_tests_pass_at_once(kind: str, report: dict[str, list[str]]) -> None:
    name = NAMES[kind]
    component = f"{kind} {name}/{templates.component(kind).name}"
    checks = [test for test in report[kind] if test.startswith(f"test_components[{component}: ")]
    own = [test for test in report[kind] if not test.startswith("test_components[")]
    assert len(checks) >= 4
    assert f"test_components[plugin {name}: no torch at import]" in report[kind]
    uses = templates.component(kind).uses.split()[-1]
    assert f"test_the_{uses}_passes_its_check" in own
    assert len(own) >= 3  # the others are numbers


@KINDS_OF
def test_the_package_is_whole(kind: str, written: Written) -> None:
    folder, name = written.folder(kind), NAMES[kind]
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    package = f"gan_zoo_{name}"
    component = templates.component(kind).name
    assert there >= {
        *("pyproject.toml", "README.md", f"tests/test_{name}.py", f"{package}/__init__.py"),
        *(f"{package}/specs.py", f"{package}/{component}.py", f"{package}/py.typed"),
        f"{package}/{templates.component(kind).example}",
    }
    told = "".join(p.read_text() for p in folder.rglob("*") if p.suffix in (".py", ".md", ".toml"))
    left = re.findall(r"\b(?:NAME|KIND|SPEC|COMPONENT|ABOUT|CORE|TRIAL|EXAMPLE|USES)\b", told)
    assert left == []
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"gan-zoo-{name}"
    assert project["license"]
    core = ".".join(metadata.version("gan-zoo").split(".")[:2])
    assert project["dependencies"] == [f"gan-zoo>={core}"]
    for line in re.findall(
        r"^    (gan-zoo .+?)(?:  .*)?$", (folder / "README.md").read_text(), re.M
    ):
        assert line.split()[1] in ("plugins", "show", "run", "ablate")


@KINDS_OF
def test_the_package_is_clean(kind: str, written: Written) -> None:
    folder = written.folder(kind)
    python("-m", "ruff", "check", "--no-cache", *RUFF, ".", folder=folder)
    python("-m", "ruff", "format", "--no-cache", "--check", *RUFF[:3], ".", folder=folder)


def test_plugins_list_and_show_describe_them_like_our_own(written: Written) -> None:
    told = written.said("plugins")
    listed = written.said("list")
    for kind, name in NAMES.items():
        brings = templates.component(kind)
        [row] = [
            line.split()
            for line in told.splitlines()
            if f" gan-zoo-{name.replace('_', '-')} " in line
        ]
        assert row[2] == "0.1.0"
        assert " ".join(row[4:]) == f"{kind} {name}/{brings.name}, recipes"
        assert re.search(rf"{name}/{brings.name} +{re.escape(brings.about)}", listed)
        assert f"  {name}/example " in listed


def test_a_component_of_a_stranger_is_shown_with_all_that_it_promises(written: Written) -> None:
    said = written.said("show", "generator", "my_generator/residual")
    assert "from my_generator (gan-zoo-my-generator 0.1.0)" in said
    assert re.search(r"width +int >= 1 +48 +Channels of every block\.", said)
    assert re.search(r"halvings +int 0 to 4 +1 +How often height", said)
    assert re.search(r"sides +height and width are multiples of 2", said)
    assert "generator: {use: my_generator/residual, width: 48, blocks: 6, halvings: 1}" in said


# ---------------------------------------------------------------------------------- the command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_says_what_to_do_next(zoo: Command, here: Path) -> None:
    said = zoo("new-plugin", "mine", "--kind", "loss")
    assert (said.code, said.err) == (0, "")
    first, *lines = said.out.splitlines()
    assert (
        first == "gan-zoo-mine brings the loss mine/sobel, a recipe that uses it, and tests. Next:"
    )
    assert [line.strip() for line in lines] == [
        "cd gan-zoo-mine",
        "pip install -e .",
        "gan-zoo plugins",
        "gan-zoo show loss mine/sobel",
        "pytest",
        "gan-zoo run mine/example --steps 20",
    ]
    assert (here / "gan-zoo-mine/gan_zoo_mine/sobel.py").is_file()


def test_an_existing_folder_is_left_alone(zoo: Command, here: Path) -> None:
    (here / "gan-zoo-mine").mkdir()
    said = zoo("new-plugin", "mine", "--kind", "loss")
    assert said.code == 2
    assert said.err == "gan-zoo-mine is there already; take another name, or move it away\n"
    assert not list((here / "gan-zoo-mine").iterdir())


REFUSED = {
    "Smooth-Edges": "letters, digits and _ are expected, a letter first; did you mean smooth_ed",
    "gan-zoo-mine": "a letter first; did you mean mine?",
    "3d": "a letter first, as smooth_edges",
    "": "a letter first, as smooth_edges",
    "../mine": "did you mean mine?",
    "loss": "'loss' is what recipes call a kind",
    "generators": "'generators' is what recipes call a kind",
    "optimizers": "'optimizers' is what recipes call a kind",
}


@pytest.mark.parametrize(("name", "message"), REFUSED.items())
def test_a_name_that_cannot_be_one(name: str, message: str, zoo: Command, here: Path) -> None:
    said = zoo("new-plugin", name, "--kind", "loss")
    assert said.code == 2
    assert message in said.err
    assert not list(here.iterdir())


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    taken = Zoo([Plugin("mine", "gan-zoo-other", "0.3", error="ImportError: no")])
    with pytest.raises(UserError, match=r"installed plugin, mine \(gan-zoo-other 0.3\); take anot"):
        new_plugin.write("mine", "loss", taken, tmp_path)
    assert new_plugin.write("mine", "loss", EMPTY, tmp_path) == tmp_path / "gan-zoo-mine"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("los", "--kind los: there is no such kind; did you mean loss?"),
        ("optimizer", "--kind optimizer: there is no template for one; take one of generator, "),
        ("zebra", "--kind zebra: there is no such kind; there are generator, discriminator, loss"),
    ],
)
def test_a_kind_that_is_none(kind: str, message: str, zoo: Command, here: Path) -> None:
    said = zoo("new-plugin", "mine", "--kind", kind)
    assert said.code == 2
    assert said.err.startswith(message)
    assert not list(here.iterdir())


def test_a_kind_is_asked_for(zoo: Command, here: Path) -> None:
    said = zoo("new-plugin", "mine")
    assert said.code == 2
    assert "--kind" in said.err


# ---------------------------------------------------------------------------------- slowly


@pytest.mark.slow
def test_types_of_every_template_hold(written: Written) -> None:
    for kind in templates.KINDS:
        cache = written.parent / "types"
        python(
            *("-m", "mypy", "--explicit-package-bases", "--cache-dir", cache, "."),
            folder=written.folder(kind),
            MYPYPATH=".",
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["loss", "data"])
def test_it_installs_and_trains(kind: str, tmp_path: Path) -> None:
    folder = new_plugin.write("mine", kind, EMPTY, tmp_path)
    site = tmp_path / "site"
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    python(*pip, "--no-deps", "--no-build-isolation", "--target", site, folder, folder=tmp_path)
    shutil.rmtree(folder)  # the wheel has all that a run needs
    there = {"PYTHONPATH": str(site), "GAN_ZOO_PLUGINS": "mine"}
    small = ("--set", "generator.width=4", "--set", "data.workers=0", "--set", "callbacks=null")
    run = ("-m", "gan_zoo", "run", "mine/example", "--steps", "2", "--out", "trained", *small)
    python(*run, "--set", "engine.log_every=1", folder=tmp_path, **there)
    assert (tmp_path / "trained/weights/latest/generator.safetensors").is_file()
    assert ("G_Sobel" in (tmp_path / "trained/log.jsonl").read_text()) == (kind == "loss")
    told = (tmp_path / "trained/plugins.json").read_text()
    assert "gan-zoo-mine" in told
