"""What the commands print, for people and for scripts."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import PositiveInt
from typer.main import get_command

from gan_zoo.cli import app
from gan_zoo.cli.terminal.component import print_component
from gan_zoo.cli.terminal.listing import print_list, print_plugins
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.describe import recipe_line
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from tests.cli.conftest import TINY, Command

ABSENT = {"devices"}  # of a later command
EVERY = [
    pytest.param(kind, name, id=f"{kind} {name}")
    for kind in KINDS
    for name in Zoo.installed().claims(kind)
]


class CountSpec(MetricSpec, name="count"):
    """Counts."""

    least: PositiveInt
    """No less than this."""

    def build(self) -> None:  # type: ignore[override]
        """Nothing: it is only shown."""


def with_guests(*guests: Plugin) -> Zoo:
    own = [plugin for plugin in Zoo.installed().plugins if plugin.builtin]
    return Zoo([*own, *guests])


# ------------------------------------------------------------------ help


def test_help_names_every_command(zoo: Command) -> None:
    said = zoo("--help")
    assert said.code == 0
    for command in ("run", "resume", "check", "show", "schema", "list", "plugins"):
        assert f"  {command} " in said.out
    assert "..." not in said.out.partition("Commands:")[2]  # no line is cut short
    assert zoo("-h").out == said.out
    inside = zoo("data", "--help")
    assert "..." not in inside.out.partition("Commands:")[2]
    assert zoo("data", "-h").out == inside.out


def test_every_option_is_explained() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    groups = {name: group for name, group in commands.items() if hasattr(group, "commands")}
    inside = [(f"{g} {name}", c) for g in groups for name, c in groups[g].commands.items()]
    assert {"data check", "data split"} <= {name for name, _ in inside}
    for name, command in [*commands.items(), *inside]:
        assert command.help, name
        assert not ABSENT & {parameter.name for parameter in command.params}
        for parameter in command.params:
            assert parameter.help or parameter.name == "help", f"{name} {parameter.name}"


def test_a_lone_word_shows_help(zoo: Command) -> None:
    said = zoo()
    assert "Commands:" in said.out + said.err


# ------------------------------------------------------------------ list and plugins


def test_list_shows_components_and_recipes(zoo: Command) -> None:
    said = zoo("list").out
    assert "generator\n" in said
    assert "  unet  " in said
    assert "Encoder and decoder joined by skips (Isola et al. 2017, sec. 3.2.1)." in said
    recipes = zoo("list", "recipes").out
    first = Path("recipes/quickstart.yaml").read_text().splitlines()[0]
    assert re.search(rf"quickstart +{re.escape(first.removeprefix('# '))}", recipes)


def test_list_as_data(zoo: Command) -> None:
    told = zoo("list", "--json").data()
    assert list(told) == [*KINDS, "recipes", "ablations"]
    unet = next(entry for entry in told["generator"] if entry["name"] == "unet")
    assert [claim["package"] for claim in unet["claims"]] == ["gan-zoo"]
    assert list(zoo("list", "metric", "--json").data()) == ["metric"]


def squeezed(said: str) -> str:
    """Columns are as wide as the longest name."""
    return re.sub(" +", " ", said)


def test_list_shows_guests_rivals_and_the_broken(capsys: pytest.CaptureFixture[str]) -> None:
    guests = [
        Plugin("mine", "gan-zoo-mine", "1.2", components=(CountSpec,)),
        Plugin("bad", "gan-zoo-bad", "0.1", error="ImportError: no module named bad"),
    ]
    print_list(with_guests(*guests), "metric")
    said = squeezed(capsys.readouterr().out)
    assert "mine/count Counts. [gan-zoo-mine 1.2]" in said
    assert "Not loaded: bad (gan-zoo-bad 0.1); `gan-zoo plugins` says why" in said
    rivals = [Plugin("mine", f"gan-zoo-{n}", "1", components=(CountSpec,)) for n in ("a", "b")]
    print_list(with_guests(*rivals), "metric")
    said = squeezed(capsys.readouterr().out)
    assert "mine/count claimed by gan-zoo-a 1 and gan-zoo-b 1: no recipe can use it" in said
    with pytest.raises(UserError, match="claimed by mine"):
        print_component(with_guests(*rivals), "metric", "mine/count")


def test_plugins_say_what_they_bring_or_why_they_did_not_load(
    zoo: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "generator unet, generator " in zoo("plugins").out
    told = {plugin["plugin"]: plugin for plugin in zoo("plugins", "--json").data()}
    assert told["losses"]["package"] == "gan-zoo"
    assert told["losses"]["error"] is None
    assert told["losses"]["milliseconds"] > 0
    assert "loss l1" in told["losses"]["components"]
    broken = Plugin("bad", "gan-zoo-bad", "0.1", error="ImportError: no module named bad")
    print_plugins(with_guests(broken))
    assert "not loaded: ImportError: no module named bad" in capsys.readouterr().out


# ------------------------------------------------------------------ show


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_component_can_be_shown(
    kind: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = Zoo.installed()
    if len(installed.claims(kind)[name]) > 1:
        pytest.skip("two packages claim it")
    print_component(installed, kind, name)
    said = capsys.readouterr().out
    spec = installed.get(kind, name)
    assert said.startswith(f"{name}: {kind}, from ")
    for option in spec.model_fields:
        assert f"  {option} " in said
        first = option_docs(spec).get(option, "").split()[:4]
        assert first, f"{option} has no docstring"
        assert " ".join(first) in said


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_line_of_a_recipe_is_one(kind: str, name: str) -> None:
    installed = Zoo.installed()
    spec = installed.claims(kind)[name][0].spec
    written = yaml.safe_load(recipe_line(installed, spec))
    for _ in range(4):
        if "use" in written:
            break
        (written,) = written.values()
    assert written.pop("use") == name
    assert set(written) <= set(spec.model_fields)
    if not any(field.is_required() for field in spec.model_fields.values()):
        assert _equal(spec.model_validate(written), spec())


def _equal(one: Spec, other: Spec) -> bool:
    return one.model_dump(mode="json") == other.model_dump(mode="json")


def test_options_show_type_default_range_and_meaning(
    zoo: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    said = zoo("show", "generator", "unet").out
    rows = [line.split() for line in said.splitlines()]
    assert ["width", "int", ">=", "1", "64", "Channels"] in [row[:6] for row in rows]
    assert "height and width are multiples of 256" in said
    assert "parts" in said
    assert "generator: {use: unet, width: 64, depth: 8" in said
    print_component(
        with_guests(Plugin("mine", "gan-zoo-mine", "1", components=(CountSpec,))),
        "metric",
        "mine/count",
    )
    said = capsys.readouterr().out
    assert "least   int >= 1  required  No less than this." in said
    assert "validation: {metrics: {count: {use: mine/count, least: LEAST}}}" in said


def test_a_recipe_is_shown_so_that_it_can_be_run_again(zoo: Command, tmp_path: Path) -> None:
    said = zoo("show", "quickstart", "--set", "generator.width=8")
    path = tmp_path / "again.yaml"
    path.write_text(said.out)
    assert Recipe.load(path) == Recipe.load("quickstart", set={"generator.width": 8})
    told = zoo("show", "quickstart", "--json").data()
    assert told == Recipe.load("quickstart").dump()


def test_origins_name_the_place_of_every_value(zoo: Command) -> None:
    said = zoo("show", "quickstart", "--origins", "--set", "generator.width=8").out
    assert "generator.width: 8  # --set generator.width=8" in said
    assert "quickstart.yaml:" in said
    assert "# default" in said


# ------------------------------------------------------------------ check


def test_check_prints_what_a_run_would_do(zoo: Command) -> None:
    said = zoo("check", "pix2pix")
    assert said.code == 0
    assert "Phase main: 256x256 (height x width), batch 1" in said.out
    assert "generator      54,413,955        -" in said.out  # the published count
    assert "discriminator   2,768,705        -" in said.out
    assert "70 pixels" in said.out
    assert "GFLOP a step" in said.out
    assert re.search(r"[GM]B at the peak, in float32", said.out)
    assert "Needed before run\n  data: there is no folder datasets/facades" in said.out
    assert "  phase main: the learning rate is 0 from epoch 200\n" in said.out
    assert zoo("check", "pix2pix", "--ready").code == 2
    shorter = zoo("check", "pix2pix", "--set", "phases.main.epochs=199", "--json").data()
    assert not any("learning rate" in note for note in shorter["notes"])


def test_check_as_data(zoo: Command) -> None:
    told = zoo("check", "quickstart", *TINY, "--json").data()
    (phase,) = told["phases"]
    assert phase["size"] == [64, 64]
    assert phase["batch"] == 4
    assert phase["learning"]["generator"] == phase["playing"]["generator"] > 0
    assert told["needed"] == told["mistakes"] == []


def test_check_lists_the_mistakes_in_the_data(zoo: Command, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "notes.txt").write_text("not a picture")
    said = zoo("check", "pix2pix", "--data", tmp_path, "--set", "generator.width=4")
    assert said.code == 2
    assert "Mistakes in the data" in said.out
    assert "notes.txt" in said.out


# ------------------------------------------------------------------ the main job


def test_run_translate_evaluate(zoo: Command, trained: Path, tmp_path: Path) -> None:
    data = Recipe.load("quickstart").data
    inputs: Path = data.test_inputs  # type: ignore[attr-defined]
    one = next(inputs.iterdir())
    said = zoo("translate", trained, one, tmp_path / "out", "--device", "cpu")
    assert (said.code, said.err) == (0, "")
    assert f"1 picture in {inputs}" in said.out
    assert said.out.endswith(f"1 picture written to {tmp_path / 'out'}\n")
    assert (tmp_path / "out" / f"{one.stem}.png").is_file()
    said = zoo("evaluate", trained, "--metrics", "l1, psnr", "--split", "val", "--device", "cpu")
    assert said.code == 0
    assert "metric" in said.out
    assert "val  id" in said.out
    assert list(zoo("evaluate", trained, "--metrics", "psnr", "--json").data()["scores"]) == [
        "psnr"
    ]


def test_resume_ends_where_the_run_was_told_to(zoo: Command, trained: Path) -> None:
    said = zoo("resume", trained)
    assert said.code == 0
    assert f"Run: {trained}" in said.out


def test_commands_say_the_file_where_the_disk_is_full(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", "runs/x/weights/latest/g.safetensors")

    monkeypatch.setattr(importlib.import_module("gan_zoo.training.run"), "train", full)
    said = zoo("run", "quickstart", "--out", tmp_path / "run")
    assert said.code == 1
    assert "runs/x/weights/latest/g.safetensors: No space left on device" in said.err
    assert "gan-zoo resume goes on" in said.err
    assert "Traceback" not in said.err


def test_tables_fit_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    print_component(Zoo.installed(), "generator", "unet")
    table = capsys.readouterr().out.partition("Options")[2].partition("In a recipe")[0]
    assert max(map(len, table.splitlines())) <= 70
    assert "Channels of the" in table
