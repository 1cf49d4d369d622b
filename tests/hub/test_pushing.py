"""What is pushed makes the run's pictures, and tells nothing of the machine that trained it."""

from __future__ import annotations

import getpass
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors import safe_open
from safetensors.numpy import save_file

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.hub.layout import _forget, _neutral_recipe
from gan_zoo.recipe.neutral import shorten_paths
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.published import owner
from gan_zoo_callbacks.specs import PreviewsSpec
from tests.hub.conftest import Typed, made_by, same
from tests.hub.test_zips import zipped
from tests.inference.conftest import Told, grey, picture


def test_the_layout_holds_what_makes_pictures_and_nothing_of_training(
    run: RunFolder, pushed: Path
) -> None:
    assert sorted(path.name for path in pushed.rglob("*")) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "recipe.yaml",
        "samples.png",
    ]
    assert json.loads((pushed / "config.json").read_text()) == {
        "library_name": "gan-zoo",
        "format": 1,
        "weights": "latest",
        "phase": "main",
        "step": 2,
        "networks": ["generator"],
        "packages": {"gan-zoo": "0.1.0"},
    }
    with safe_open(pushed / "model.safetensors", "np") as opened:
        assert opened.metadata() == {"format": "pt", "step": "2"}
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    kept = run.load_weights("latest", "generator")
    assert set(tensors) == {f"generator.{key}" for key in kept}
    assert all((tensors[f"generator.{key}"] == np.asarray(t)).all() for key, t in kept.items())
    sheet = run.path / "previews/main-000002.png"
    assert (pushed / "samples.png").read_bytes() == sheet.read_bytes()


def test_the_round_trip_is_equal_to_the_bit(run: RunFolder, pushed: Path, tmp_path: Path) -> None:
    assert same(run, pushed)
    assert same(run, zipped(pushed, tmp_path / "pushed.zip", "pushed"))
    without = {"inference.dropout": False, "inference.norm": "running"}
    assert same(run, pushed, set=without)
    one, other = (gan_zoo.load(pushed, device="cpu", set=words) for words in ({}, without))
    assert not (made_by(one) == made_by(other)).all()


def test_other_weights_become_the_models_own(run: RunFolder, pushed: Path, tmp_path: Path) -> None:
    gan_zoo.push(run, tmp_path / "best", license="mit", weights="best")
    recipe = yaml.safe_load((tmp_path / "best/recipe.yaml").read_text())
    assert recipe["inference"]["weights"] == "best"
    best, model = (gan_zoo.load(m, device="cpu") for m in (tmp_path / "best", run))
    assert (made_by(best) == made_by(gan_zoo.load(run, device="cpu", weights="best"))).all()
    assert not (made_by(best) == made_by(model)).all()
    with pytest.raises(UserError, match="has the weights best alone, and latest was asked for"):
        gan_zoo.load(tmp_path / "best", device="cpu", weights="latest")
    with pytest.raises(UserError, match="average is not there: the run keeps weights best, latest"):
        gan_zoo.push(run, tmp_path / "none", license="mit", weights="average")
    assert not (tmp_path / "none").exists()


def test_styles_go_along(styled: RunFolder, tmp_path: Path) -> None:
    gan_zoo.push(styled, tmp_path / "pushed", license="mit")
    assert sorted(p.name for p in (tmp_path / "pushed/styles").iterdir()) == [
        "about.json",
        "texture.safetensors",
    ]
    config = json.loads((tmp_path / "pushed/config.json").read_text())
    assert config["networks"] == ["generator", "conditions.texture"]
    for style in (None, "sample", "class:1=cluster:1"):
        assert same(styled, tmp_path / "pushed", style)
    zip_ = zipped(tmp_path / "pushed", tmp_path / "pushed.zip")
    assert same(styled, zip_, "sample")
    shutil.rmtree(tmp_path / "pushed/styles")
    assert not same(styled, tmp_path / "pushed")
    with pytest.raises(UserError, match=r"gan-zoo features gathers them in the run that .*pushed"):
        made_by(gan_zoo.load(tmp_path / "pushed", device="cpu"), style="sample")


def test_styles_of_other_weights_stay(styled: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(styled.path, tmp_path / "run")
    about = tmp_path / "run/styles/about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "step": 1}))
    told = Told()
    gan_zoo.push(tmp_path / "run", tmp_path / "out", license="mit", reporter=told)
    assert not (tmp_path / "out/styles").exists()
    assert "The styles are of weights latest at step 1 and stay here" in "\n".join(told.lines())


# ------------------------------------------------------------------ nothing of the machine


def test_no_path_and_no_user_of_this_machine_is_told(styled: RunFolder, tmp_path: Path) -> None:
    assert str(styled.recipe().data.root).startswith("/")  # type: ignore[attr-defined]
    told = Told()
    gan_zoo.push(styled, tmp_path / "out", license="mit", reporter=told)
    recipe = yaml.safe_load((tmp_path / "out/recipe.yaml").read_text())
    assert recipe["data"]["root"] == "tiny"
    assert "a path of this machine: data.root is tiny" in "\n".join(told.lines())
    places = {str(Path.home()), str(Path.cwd()), str(tmp_path), str(styled.path), "/tmp/"}
    users = {f"/home/{getpass.getuser()}", f"/Users/{getpass.getuser()}"}
    for file in (tmp_path / "out").rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        found = [one for one in places | users if one.encode() in content]
        assert not found, f"{file.name} tells {found}"


@pytest.mark.parametrize(
    ("value", "now"),
    [
        ("/home/ada/facades", "facades"),
        ("/home/ada/facades/", "facades"),
        ("~/facades", "facades"),
        ("~ada/facades", "facades"),
        ("C:\\Users\\Ada\\facades", "facades"),
        ("D:/facades", "facades"),
        ("\\\\server\\ada\\facades", "facades"),
        ("../ada/vgg.pth", "vgg.pth"),
        ("file:///home/ada/x", "x"),
        ("nas:/home/ada/x", "x"),
        ("ada@nas:~/x", "x"),
        ("s3://clinic/mueller", "mueller"),
        ("smb://srv/ada", "ada"),
        ("nas:/", "data"),
        ("/", "data"),
        ("facades", "facades"),
        ("datasets/facades", "datasets/facades"),
        ("hf://huggan/facades", "hf://huggan/facades"),
        ("least_squares", "least_squares"),
    ],
)
def test_paths_are_shortened(value: str, now: str) -> None:
    moved: dict[str, str] = {}
    assert shorten_paths({"a": {"b": [1, value]}}, moved) == {"a": {"b": [1, now]}}
    assert moved == ({} if value == now else {"a.b.1": now})


@pytest.mark.parametrize("said", ["{home}/photos", "see /home/ada/list.txt", "in {run}/log.txt"])
def test_a_statement_that_tells_of_the_machine_is_refused(
    run: RunFolder, tmp_path: Path, said: str
) -> None:
    text = "Photos of mine.\nThey lie " + said.format(home=Path.home(), run=run.path)
    with pytest.raises(UserError, match=r"nothing was:\nREADME\.md:\d+: .*/"):
        gan_zoo.push(run, tmp_path / "out", license="mit", data_statement=text)
    assert not list(tmp_path.iterdir())


def test_what_guests_only_watched_is_left_out(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose, guest = Zoo.owner, Plugin("trackers", "gan-zoo-trackers", "0.3")

    def of_guest(zoo: Zoo, spec: type[Any]) -> Plugin | None:
        return guest if spec is PreviewsSpec else whose(zoo, spec)

    monkeypatch.setattr(Zoo, "owner", of_guest)
    told = Told()
    gan_zoo.push(run, tmp_path / "out", license="mit", reporter=told)
    assert yaml.safe_load((tmp_path / "out/recipe.yaml").read_text())["callbacks"] == {}
    assert json.loads((tmp_path / "out/config.json").read_text())["packages"] == {
        "gan-zoo": "0.1.0"
    }
    assert "Left out of the recipe: callbacks.previews, which only watched" in told.lines()[1]


def test_phases_forget_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whose, guest = Zoo.owner, Plugin("trackers", "gan-zoo-trackers", "0.3")
    words = {"callbacks.seen": {"use": "previews"}, "callbacks.seen_too": {"use": "health"}}
    said = {"callbacks.seen.count": 3, "callbacks.seen_too.every": 7}
    recipe = Recipe.load("quickstart", set={**words, "phases.main.set": said})
    monkeypatch.setattr(
        Zoo, "owner", lambda zoo, spec: guest if spec is PreviewsSpec else whose(zoo, spec)
    )
    tree, _ = _neutral_recipe(recipe, "latest", Told())
    assert "seen" not in tree["callbacks"]
    assert tree["phases"]["main"]["set"] == {"callbacks.seen_too.every": 7}
    phases = {"main": {"set": {"callbacks": {"seen": None, "other": 1}}}, "late": {}}
    _forget(phases, "seen")
    assert phases == {"main": {"set": {"callbacks": {"other": 1}}}, "late": {}}


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"license": None}, "what may others do with the model? Say its license, as --license"),
        ({"license": "apache"}, "license apache came, which hubs do not know"),
        ({"license": "apache-2"}, "was apache-2.0 meant?"),
        ({"license": "other"}, "license other came alone"),
        ({"license": "other", "license_link": "LICENSE"}, "license other with the link LICENSE"),
        ({"license": "other", "license_link": "file:///home/ada/L"}, "with the link file:"),
        ({"license": "other", "license_link": "ftp://x.org/L"}, "with the link ftp://x.org/L"),
        ({"license": "mit", "license_link": "https://x.org"}, "license mit with the link https"),
        ({"private": True}, "private and message are of the hub's OWNER/NAME"),
        ({"message": "First"}, "private and message are of the hub's OWNER/NAME"),
        ({"data_statement": Path("none.txt")}, "none.txt"),
    ],
    ids=str,
)
def test_refusals(run: RunFolder, tmp_path: Path, words: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        gan_zoo.push(run, tmp_path / "out", **{"license": "mit", **words})
    assert told in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_places_that_are_taken_or_may_be_two(
    run: RunFolder, pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owner").mkdir()
    with pytest.raises(UserError, match=r"as owner exists; say hub:owner/name or \./owner/name"):
        gan_zoo.push(run, "owner/name", license="mit")
    with pytest.raises(UserError, match="owner exists; name another folder"):
        gan_zoo.push(run, "./owner", license="mit")
    with pytest.raises(UserError, match="what is pushed becomes the newest; leave @v1 out"):
        gan_zoo.push(run, "hub:owner/name@v1", license="mit")
    with pytest.raises(UserError, match="hub:OWNER/NAME was expected"):
        gan_zoo.push(run, "hub:name", license="mit")
    with pytest.raises(UserError, match="upload the folder as it is: hf upload OWNER/NAME"):
        gan_zoo.push(pushed, "./again", license="mit")
    assert gan_zoo.push(run, "./owner/name", license="mit", samples=False) == "owner/name"
    assert not Path("owner/name/samples.png").exists()


def test_from_the_command_line(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    monkeypatch.chdir(tmp_path)
    grey(picture()).save("one.png")
    code, said = typed(f"push {run.path} ./mine")
    assert (code, "--license apache-2.0" in said) == (2, True)
    code, said = typed(f"push {run.path} ./mine --license mit")
    assert code == 0
    assert "--data-statement TEXT or FILE says it" in said
    assert "samples.png shows pictures of your data" in said
    assert said.splitlines()[-1] == ("Pushed: mine; gan-zoo translate mine INPUTS OUTPUTS uses it")
    code, said = typed("translate mine one.png out.png --device cpu")
    assert (code, said.splitlines()[-1]) == (0, "1 picture written to out.png")
    code, said = typed("evaluate mine --split val --device cpu")
    assert (code, "The scores are not kept: mine is not written to" in said) == (0, True)
    assert not Path("mine/scores").exists()


# ------------------------------------------------------------------------------- damage


def change(**words: Any) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **words}))

    return do


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda f: (f / "config.json").write_text("[]"), "it names no library"),
        (change(library_name="diffusers"), "is not a model of gan-zoo: it is of diffusers"),
        (change(format=2), "has the format 2, and this gan-zoo reads 1; pip install -U"),
        (change(weights=None, networks="all"), "is damaged: weights, networks is not what"),
        (change(networks=["generator", 3]), "is damaged: networks is not what"),
        (change(packages={"x; rm -rf ~": "1"}), "is damaged: packages is not what"),
        (change(packages={"--index-url=http://x": "1"}), "is damaged: packages is not what"),
        (change(packages={"x\n": "1"}), "is damaged: packages is not what"),
        (change(packages={"hello": "1 && curl x | sh"}), "is damaged: packages is not what"),
        (change(packages={"hello": 1}), "is damaged: packages is not what"),
        (change(step=3), "model.safetensors is of step 2, and config.json of 3"),
        (change(phase="warm"), "are of a phase warm, and its recipe has main"),
        (change(networks=["judge"]), "holds the networks judge and no generator"),
        (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is not there"),
        (lambda f: (f / "recipe.yaml").unlink(), "recipe.yaml is not there"),
        (lambda f: (f / "model.safetensors").write_bytes(b"torn"), "model.safetensors is damaged"),
        (lambda f: (f / "recipe.yaml").write_text("seed: [1"), "recipe.yaml"),
        (lambda f: shutil.rmtree(f), "no such folder"),
        (lambda f: (f / "config.json").unlink(), "is not there"),
    ],
)
def test_damaged_and_foreign_folders(
    pushed: Path, tmp_path: Path, typed: Typed, damage: Callable[[Path], Any], told: str
) -> None:
    shutil.copytree(pushed, tmp_path / "model")
    damage(tmp_path / "model")
    with pytest.raises(UserError) as caught:
        gan_zoo.load(tmp_path / "model", device="cpu")
    assert told in str(caught.value)
    assert typed(f"translate {tmp_path}/model x.png y.png")[0] == 2


def test_damaged_styles_are_named(styled: RunFolder, tmp_path: Path) -> None:
    gan_zoo.push(styled, tmp_path / "model", license="mit", samples=False)
    about = tmp_path / "model/styles/about.json"
    whole, tensors = about.read_text(), about.with_name("texture.safetensors")
    about.write_text("[1]")
    with pytest.raises(UserError, match=r"about\.json is damaged: it names no weights"):
        gan_zoo.load(tmp_path / "model", device="cpu")
    about.write_text(whole)
    save_file({"overall": np.zeros(3), "clusters.all": np.zeros(3)}, tensors)
    with pytest.raises(UserError, match=r"texture\.safetensors cannot be read .*'all'"):
        gan_zoo.load(tmp_path / "model", device="cpu")


def test_an_absent_plugin_is_named_with_its_package(pushed: Path, tmp_path: Path) -> None:
    shutil.copytree(pushed, tmp_path / "model")
    change(packages={"gan-zoo": "0.1.0", "gan-zoo-hello": "0.2"})(tmp_path / "model")
    recipe = tmp_path / "model/recipe.yaml"
    recipe.write_text(recipe.read_text().replace("use: unet", "use: hello/unet"))
    with pytest.raises(UserError) as caught:
        gan_zoo.load(tmp_path / "model", device="cpu")
    said = "needs the plugin gan-zoo-hello (0.2); look at who publishes it before you install it"
    assert said in str(caught.value)
    assert str(caught.value).count("pip install") == 1  # of the recipe's name hello/unet alone
    recipe.write_text(recipe.read_text().replace("hello/unet", "'hello -i http:/unet'"))
    with pytest.raises(UserError, match="its plugin is not installed") as caught:
        gan_zoo.load(tmp_path / "model", device="cpu")
    assert "pip install" not in str(caught.value)


def test_tensors_belong_to_the_longest_name() -> None:
    networks = ["generator", "generator.back", "conditions.texture"]
    assert owner("generator.back.weight", networks) == "generator.back"
    assert owner("generator.backs.weight", networks) == "generator"
    assert owner("discriminator.weight", networks) == ""


def test_a_run_without_weights_is_told(styled: RunFolder, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("weights")
    made = Path(shutil.copytree(styled.path, tmp_path / "run", ignore=ignored))
    with pytest.raises(UserError, match="the run keeps no weights yet"):
        gan_zoo.push(made, tmp_path / "out", license="mit")
