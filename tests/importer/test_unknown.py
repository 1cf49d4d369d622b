"""Checkpoints without a recipe: what is said of them, what is refused, and the command."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from gan_zoo.components.learning import Parts, Wiring
from gan_zoo.components.shapes import Image
from gan_zoo.errors import UserError
from gan_zoo.importer import import_run, import_unknown
from gan_zoo.importer.files import Folder
from gan_zoo.importer.recipe_from_files import read_recipe
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from gan_zoo_generators.residual_specs import ResNetSpec
from gan_zoo_generators.unet_specs import UNetSpec
from gan_zoo_methods.specs import PairedSpec
from tests.importer.foreign import HD, publish, recipe_of, refusal, told, whole
from tests.plugins.networks import GOLDEN

RGB = Image(3)


# ---------------------------------------------------------------------------------- said


def test_every_assumption_is_said_as_it_would_be_set() -> None:
    lines = told(HD / "global_features")
    assert lines[0] == "Recipe pix2pixhd_512_features, with what the files tell:"
    read, said = lines[1:4], lines[5:]
    assert read == [
        "generator={use: global, width: 4, blocks: 2, downsamplings: 3, norm: instance}"
        "  # latest_net_G.pth",
        "discriminator={use: multiscale, scales: 2, each: {use: patch, layers: 3, width: 4, norm: "
        "instance, padding: 2, max_multiple: null, max_width: 512, bias: true}}"
        "  # latest_net_D.pth",
        "conditions.texture={use: instance_features, width: 4, downsamplings: 4, channels: 3, "
        "norm: instance}  # latest_net_E.pth",
    ]
    assert lines[4] == "Assumed, since no tensor tells it; --set KEY=VALUE changes each:"
    assert said[:4] == [
        "generator.norm=instance  # neither instance norm nor none has tensors",
        "discriminator.each.norm=instance  # neither instance norm nor none has tensors",
        "conditions.texture.over=instance  # means over instances or over classes: neither has "
        "tensors",
        "conditions.texture.norm=instance  # neither instance norm nor none has tensors",
    ]
    assert said[4] == (
        "data.classes=6  # generator takes 10 channels: conditions.labels 6, conditions.edges 1, "
        "conditions.texture 3"
    )
    assert {"conditions.edges={use: boundary}", "data.use=label_folder"} <= set(said)
    phase = "phases.coarse={epochs: 200, size: [512, 1024], schedule: {hold: 101, fall: 100}}"
    assert phase in said


def test_direction_dropout_and_schedule_of_pix2pix_are_said() -> None:
    lines = told(GOLDEN / "pix2pix" / "unet256_batch")
    assert {
        "generator.dropout=code  # dropout has no tensors",
        "data.direction=b_to_a",
        "inference.norm=picture",
        "phases.main={epochs: 200, schedule: {hold: 99, fall: 101}}",
    } <= set(lines)
    assert not any(line.startswith("data.source") for line in lines)  # a file told it


def test_what_is_said_can_be_set_and_changes_nothing() -> None:
    folder = HD / "local"
    read, _, lines = read_recipe(Folder.open(folder))
    from gan_zoo.recipe.source import parse_set

    said = [line.strip().partition("  #")[0] for line in lines if "=" in line]
    assert len(said) > 20
    again = recipe_of(folder, parse_set(word for word in said if "KEY" not in word))
    assert again == read


def test_what_is_set_is_assumed_no_more() -> None:
    changes = {"generator.norm": "none", "data.root": "here", "conditions.edges": {"map": "label"}}
    lines = told(HD / "global", changes)
    starts = ("generator.norm", "data.root", "conditions.edges")
    assert not [line for line in lines if line.startswith(starts)]
    assert recipe_of(HD / "global", changes).generator == whole(
        "none", width=4, blocks=2, downsamplings=3
    )


def test_the_run_says_where_its_values_came_from(tmp_path: Path) -> None:
    import_unknown(HD / "local", tmp_path / "run", {"data.root": "/pictures"})
    origins = (tmp_path / "run" / "origins.txt").read_text().splitlines()
    assert {
        "generator.coarse.width: 4  # read off latest_net_G.pth",
        "discriminator.scales: 3  # read off latest_net_D.pth",
        "data.classes: 6  # follows from the channels of the networks",
        'data.root: "/pictures"  # --set data.root=/pictures',
    } <= set(origins)


def test_the_coarse_head_that_rests_has_the_first_weights_of_the_recipe(tmp_path: Path) -> None:
    lines = import_unknown(HD / "local", tmp_path / "run")
    assert (
        "  resting, in no such file: coarse.decoder.3.bias, coarse.decoder.3.weight; first weights "
        "by the recipe's init" in lines
    )
    weights = RunFolder.open(tmp_path / "run").load_weights("latest", "generator")
    assert weights["coarse.decoder.3.weight"].std() == pytest.approx(0.02, rel=0.1)
    bare = recipe_of(HD / "local").model_copy(update={"init": None})
    lines = import_run(HD / "local", bare, tmp_path / "bare")
    assert any(line.endswith("first weights by the framework") for line in lines)


# ---------------------------------------------------------------------------------- alone


def test_a_generator_alone_translates_and_trains_against_a_fresh_discriminator(
    tmp_path: Path,
) -> None:
    publish(tmp_path / "alone", "G", UNetSpec(width=2, depth=8), Image(1), RGB)
    small = {
        "data": {"use": "paired_folder", "root": "nowhere", "source": 1, "crop": [256, 256]},
        "discriminator.width": 2,
        "engine.device": "cpu",
    }
    lines = import_unknown(tmp_path / "alone", tmp_path / "run", small)
    assert lines[-3] == (
        "discriminator (patch): there is no *_net_D.pth, so it starts with fresh weights; pictures "
        "need none, `resume` trains it from the start"
    )
    model = Translator.load(tmp_path / "run", device="cpu")
    assert model(torch.randint(0, 256, (1, 70, 50), dtype=torch.uint8)).shape == (3, 70, 50)
    again = {
        **{"data": {"use": "emoji", "workers": 0}, "discriminator.width": 2},
        **{"optimizers.generator.lr": 1e-12, "callbacks": None, "engine.device": "cpu"},
        "phases": {"main": {"epochs": None, "schedule": None, "steps": 1}},
    }
    publish(tmp_path / "six", "G", UNetSpec(width=2, depth=6), Image(1), RGB)
    import_unknown(tmp_path / "six", tmp_path / "more", again)
    before = RunFolder.open(tmp_path / "more").load_weights("latest", "discriminator")
    resume(tmp_path / "more")
    after = RunFolder.open(tmp_path / "more").load_weights("latest", "discriminator")
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_files_that_make_no_picture_are_refused(tmp_path: Path) -> None:
    publish(tmp_path, "D", PatchSpec(width=2), RGB, RGB)
    assert refusal(tmp_path) == (
        f"{tmp_path}: latest_net_D.pth is of a discriminator; no installed recipe makes a "
        "picture of such files alone"
    )
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "latest_net_G.pth")
    assert refusal(tmp_path) == (
        f"{tmp_path / 'latest_net_G.pth'}: no generator knows its tensors (fc.weight, ...); name "
        "what the networks were trained with by --recipe"
    )
    assert "is not there" in refusal_to_open(tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refusal_to_open(empty) == (
        f"{empty} holds no checkpoint (it is empty); name the files latest_net_G.pth and so on"
    )


def refusal_to_open(folder: Path) -> str:
    with pytest.raises(UserError) as refused:
        Folder.open(folder)
    return str(refused.value)


def test_a_component_that_does_not_know_the_tensors_is_named() -> None:
    assert refusal(HD / "global", {"generator.use": "resnet"}) == (
        f"{HD / 'global' / 'latest_net_G.pth'}: resnet does not know its tensors (model.1.weight, "
        "model.1.bias, model.4.weight, ...); global does: leave generator.use out"
    )


def test_files_of_something_else_are_left_alone(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(HD / "global", tmp_path / "copy"))
    torch.save({"fc.weight": torch.zeros(2, 2)}, folder / "latest_net_X.pth")
    (folder / "90_net_G.pth").write_bytes(b"never read")
    assert "Left alone: 90_net_G.pth, latest_net_X.pth" in import_unknown(folder, tmp_path / "run")


class BothWaysSpec(PairedSpec, name="both_ways"):
    """Two pairs of networks, whose files have names of their own."""

    foreign: ClassVar = {"G_A": "guest/both", "G_B": "guest/both"}

    def wire(self, parts: Parts) -> Wiring:
        """Each network twice."""
        wiring = super().wire(parts)
        networks = [
            replace(network, name=f"{network.name}.{way}", suffix=f"_{way}")
            for way in "AB"
            for network in wiring.networks
        ]
        return replace(wiring, networks=tuple(networks))


def test_a_method_says_which_files_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "both.yaml").write_text("extends: pix2pix\nmethod: {use: guest/both_ways}\n")
    guest = Plugin("guest", "gan-zoo-guest", "0.1", (BothWaysSpec,), (recipes,))
    zoo = Zoo([*Zoo.installed().plugins, guest])
    monkeypatch.setattr(Zoo, "installed", staticmethod(lambda: zoo))
    folder, generator = tmp_path / "files", ResNetSpec(width=2, blocks=6, norm="instance")
    for way in "AB":
        publish(folder, f"G_{way}", generator, Image(1), RGB)
        publish(folder, f"D_{way}", PixelSpec(width=2), Image(1), RGB)
    lines = import_unknown(folder, tmp_path / "run")
    assert lines[:3] == [
        "Recipe guest/both, with what the files tell:",
        "  generator={use: resnet, width: 2, blocks: 6, norm: instance, dropout: none}"
        "  # latest_net_G_A.pth, latest_net_G_B.pth",
        "  discriminator={use: pixel, width: 2, norm: batch, bias: auto}"
        "  # latest_net_D_A.pth, latest_net_D_B.pth",
    ]
    run = RunFolder.open(tmp_path / "run")
    assert run.recipe().data.maps()["source"].channels == 1
    for name in ("generator.A", "generator.B", "discriminator.A", "discriminator.B"):
        assert run.load_weights("latest", name)
    (folder / "latest_net_G_B.pth").unlink()
    publish(folder, "G", generator, RGB, RGB)
    assert recipe_of(folder).method == Recipe.load("pix2pix").method
    (folder / "latest_net_G.pth").unlink()
    assert "no installed recipe makes a picture of such files alone" in refusal(folder)


def test_wrong_values_are_told_as_of_any_recipe() -> None:
    assert refusal(HD / "global", {"generator.widht": 3}) == (
        "--set generator.widht=3: generator.widht: unknown key; did you mean width?"
    )
    said = refusal(HD / "global", {"generator.width": 8})
    assert said.endswith("Use --set generator.width=4")


# ---------------------------------------------------------------------------------- the command


class Writes:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gan_zoo", "import", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("wrapped", ["torch", "legacy", "pickle"])
def test_a_checkpoint_that_holds_code_is_refused_and_not_run(wrapped: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(HD / "global", tmp_path / "copy"))
    file, trap = folder / "latest_net_G.pth", tmp_path / "trap"
    held = {**torch.load(file, weights_only=True), "code": Writes(trap)}
    if wrapped == "pickle":
        file.write_bytes(pickle.dumps(held))
    else:
        torch.save(held, file, _use_new_zipfile_serialization=wrapped == "torch")
    with pytest.raises(UserError) as refused:
        import_unknown(folder, tmp_path / "run")
    told = f"{file} holds code or objects ({os.system.__module__}.system), not only tensors"
    broken = f"{file} is damaged, or no checkpoint at all"
    assert str(refused.value).startswith(broken if wrapped == "pickle" else told)
    if wrapped == "torch":
        done = command(folder, "--out", tmp_path / "run")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(told)
    assert not trap.exists()
    assert not (tmp_path / "run").exists()
    if wrapped == "pickle":
        pickle.loads(file.read_bytes())
    else:
        torch.load(file, weights_only=False)
    assert trap.exists()  # it was a trap


def test_the_command(tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = command(
        HD / "global", "--data", "/labels", "--set", "conditions.edges=null", "--out", run
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Recipe pix2pixhd_512, with what the files tell:"
    assert lines[-1] == (
        f"gan-zoo resume {run} trains on from these weights, with fresh optimizers"
    )
    made = RunFolder.open(run).recipe()
    assert made.data.model_dump()["root"] == "/labels"
    assert made.data.maps()["label"].classes == 7
