"""Styles: gathered from a run's training data, given to translations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PIL
from torch import Tensor
from typer.testing import CliRunner

import gan_zoo
from gan_zoo.cli import app
from gan_zoo.components.instance_ids import renumber
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.styles.gathering import Count, gather
from gan_zoo.inference.styles.rules import read_rules
from gan_zoo.inference.styles.style_files import NO_CLASS, classes_of, load
from gan_zoo.inference.translator import Translator
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume
from gan_zoo_data.folder_specs import TINY, LabelFolderSpec
from gan_zoo_data.folders.label_folder import FOLDERS
from gan_zoo_data.folders.schemes import SUFFIXES
from tests.inference.styles.conftest import TEXTURE, inputs, trained


def shown(translator: Translator, style: Any = None, seed: int = 0) -> Tensor:
    """What the generator is shown, at one pixel of each instance: 1000, 1001, 0, 255000."""
    ready = renumber(inputs(), translator.shapes)
    given = translator.stylist.styles(ready, read_rules(style), seed)
    if not given:
        return torch.zeros(4, 3)
    module: Any = translator.cast.conditions["texture"]
    batch = {name: t[None] for name, t in ready.items()}
    painted: Tensor = module.paint(batch, given["conditions.texture"])
    return painted[0, :, [0, 0, 15, 15], [0, 23, 0, 23]].T


# ------------------------------------------------------------------ gathering


def test_what_is_gathered_is_what_the_encoder_says(run: RunFolder, translator: Translator) -> None:
    """Means over pixels by class and over all, of every training sample."""
    kept = load(run, "texture")
    dataset = translator.recipe.data.open("train")
    module: Any = translator.cast.conditions["texture"]
    features, classes, raw = [], [], []
    for index in range(len(dataset)):
        sample = dataset.read(index, None)
        ready = renumber(sample.maps, translator.shapes)
        batch = translator.cast.precision.receive({n: t[None] for n, t in ready.items()})
        with torch.no_grad():
            features.append(module(batch)[0].flatten(1).T)
        instances = sample.maps["instance"].flatten()
        label = sample.maps["label"].flatten().clone()
        for one in instances.unique():  # the class of an instance is that of most of its pixels
            mine = instances == one
            label[mine] = label[mine].mode().values
        classes.append(label)
        raw.append(instances + 10**6 * index)
    every, label = torch.cat(features), torch.cat(classes)
    torch.testing.assert_close(kept.overall, every.mean(0), atol=1e-5, rtol=0)
    present = {one if one < 3 else NO_CLASS for one in label.unique().tolist()}
    assert set(kept.means) == present
    for one in present - {NO_CLASS}:
        torch.testing.assert_close(kept.means[one], every[label == one].mean(0), atol=1e-5, rtol=0)
    assert all(1 <= len(centers) <= 2 for centers in kept.clusters.values())


def test_only_large_instances_make_clusters(bare: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(bare.path, tmp_path / "run")
    counts = gather(tmp_path / "run", device="cpu", least=0.9)
    assert {(count.large, count.clusters) for count in counts} == {(0, 0)}
    kept = load(RunFolder(tmp_path / "run"), "texture")
    assert kept.clusters == {}
    assert set(kept.means) == {count.label for count in counts}
    made = gan_zoo.load(tmp_path / "run", device="cpu")
    assert torch.equal(shown(made, "sample"), shown(made))  # the mean of the class
    more = gather(tmp_path / "run", device="cpu", least=0)
    assert all(count.large == count.instances for count in more)
    assert all(count.clusters == min(10, count.instances) for count in more)
    assert gather(tmp_path / "run", device="cpu", least=0) == more


def test_the_class_of_an_instance_is_that_of_most_of_its_pixels() -> None:
    ids = torch.tensor([[[0, 0, 0, 1, 1, 2, 2, 3]]], dtype=torch.int32)
    label = torch.tensor([[[4, 4, 0, 2, 1, 255, 255, 0]]], dtype=torch.int32)
    assert classes_of(ids, 6, label, 5).tolist() == [4, 1, NO_CLASS, 0, NO_CLASS, NO_CLASS]
    assert classes_of(ids, 3, None, 0).tolist() == [NO_CLASS] * 3


def test_a_run_without_such_a_condition(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"conditions.texture": None})
    with pytest.raises(UserError, match="no condition of its recipe takes styles"):
        gather(run, device="cpu")
    with pytest.raises(UserError, match="no condition of this run takes styles"):
        gan_zoo.load(run, device="cpu")(inputs()["label"], style="sample")


# ------------------------------------------------------------------ choosing


def test_without_a_style_it_is_the_mean_of_the_class(
    run: RunFolder, translator: Translator, bare: RunFolder
) -> None:
    kept = load(run, "texture")
    expected = [kept.means[1], kept.means[1], kept.means[0], kept.usual(NO_CLASS)]
    assert torch.equal(shown(translator), torch.stack(expected))
    assert "styles: the mean of the class" in translator.describe()
    without = gan_zoo.load(bare, device="cpu")
    assert torch.equal(shown(without), torch.zeros(4, 3))
    assert "styles: none (none were gathered)" in without.describe()
    assert not torch.equal(without(inputs()), translator(inputs()))


def test_the_most_particular_rule_holds(run: RunFolder, translator: Translator) -> None:
    kept = load(run, "texture")
    one, zero = kept.clusters[1], kept.clusters[0]
    made = shown(translator, ["cluster:0", "instance:1001=cluster:1", "class:0=cluster:1"])
    assert torch.equal(made[0], one[0])
    assert torch.equal(made[1], one[1])
    assert torch.equal(made[2], zero[1])
    vector = torch.tensor([0.1, -0.2, 0.3])
    named = shown(translator, {"instance:1000": vector, "": "cluster:1"})
    assert torch.equal(named[0], vector)
    assert torch.equal(named[1], one[1])


def test_samples_repeat_by_seed_and_instance(run: RunFolder, translator: Translator) -> None:
    kept = load(run, "texture")
    drawn = [shown(translator, "sample", seed) for seed in range(12)]
    assert torch.equal(drawn[3], shown(translator, "sample", 3))
    assert len({tuple(one[0].tolist()) for one in drawn}) == len(kept.clusters[1]) == 2
    assert any(not torch.equal(one[0], one[1]) for one in drawn)
    picture = translator(inputs(), style="sample", seed=3)
    assert torch.equal(picture, translator(inputs(), style="sample", seed=3))
    assert any(
        not torch.equal(picture, translator(inputs(), style="sample", seed=seed))
        for seed in range(4)
    )


def test_a_style_reaches_the_picture_near_its_instance(translator: Translator) -> None:
    plain = translator.output(inputs())
    vector = {"instance:1000": torch.tensor([5.0, -5.0, 5.0])}
    moved = (translator.output(inputs(), style=vector) - plain).abs().amax(0)
    assert moved[:8, :12].mean() > 0.01
    ready = renumber(inputs(), translator.shapes)
    one, other = (
        translator.stylist.styles(ready, read_rules(style), 0)["conditions.texture"]
        for style in (None, vector)
    )
    changed = (one != other).any(-1)[0].nonzero().flatten().tolist()
    assert changed == [1]  # ids 0, 1000, 1001, 255000


def test_encoding_a_picture_of_the_data(run: RunFolder, translator: Translator) -> None:
    """Its own instance map gives back what the encoder makes of it."""
    photo = next((TINY / "test_img").iterdir())
    data = translator.recipe.data
    sample = data.inputs(photo, maps=["label", "instance", "target"]).read(0, None)
    assert set(sample.maps) == {"label", "instance", "target"}
    ready = renumber(sample.maps, translator.shapes)
    module: Any = translator.cast.conditions["texture"]
    batch = translator.cast.precision.receive({n: t[None] for n, t in ready.items()})
    with torch.no_grad():
        expected = module(batch)
    del ready["target"]
    given = translator.stylist.styles(ready, read_rules(f"encode:{photo}"), 0)["conditions.texture"]
    painted = module.paint(batch, given)
    torch.testing.assert_close(painted, expected, atol=1e-6, rtol=0)
    made = shown(translator, [f"class:1=encode:{photo}"])
    usual = shown(translator)
    assert torch.equal(made[2:], usual[2:])
    if 1 in sample.maps["label"]:
        assert not torch.equal(made[:2], usual[:2])


def test_a_style_of_another_sample(translator: Translator) -> None:
    """Encoded there, it is shown here, where it is asked for alone."""
    sample = translator.recipe.data.open("train").read(0, None)
    styles = translator.stylist.of_sample(sample.maps)["texture"]
    assert set(styles) == set(sample.maps["instance"].unique().tolist())
    vector = next(iter(styles.values()))
    made, usual = shown(translator, {"instance:1000": vector}), shown(translator)
    assert torch.equal(made[0], vector)
    assert torch.equal(made[1:], usual[1:])


@pytest.mark.parametrize("scheme", [{}, SUFFIXES["Cityscapes"]], ids=["plain", "Cityscapes"])
def test_the_maps_of_a_photo_are_found_by_its_name(scheme: dict[str, str], tmp_path: Path) -> None:
    expected = {}
    for name, ending in FOLDERS.items():
        (tmp_path / f"val{ending}/city").mkdir(parents=True)
        source = next((TINY / f"train{ending}").glob("1.*"))
        copy = tmp_path / f"val{ending}/city/a{scheme.get(name, '')}{source.suffix}"
        expected[name] = shutil.copy(source, copy)
    data = LabelFolderSpec(root=str(tmp_path), classes=3, ignore=(255,))
    photo = expected["target"]
    found = data.inputs(photo, maps=["target", "instance", "label"])
    assert sorted(found.read(0, None).files) == sorted(str(path) for path in expected.values())
    assert "1 photo in" in found.describe()
    Path(expected["instance"]).unlink()
    with pytest.raises(DataError, match="the model asks for its instance map too; looked for"):
        data.inputs(photo, maps=["target", "instance", "label"])
    with pytest.raises(DataError, match=r"is a folder of label maps, but the model reads photos"):
        data.inputs(tmp_path / "val_label", maps=["target", "label"])


def test_encoding_needs_no_gathered_styles(bare: RunFolder) -> None:
    photo = next((TINY / "test_img").iterdir())
    made = shown(gan_zoo.load(bare, device="cpu"), f"encode:{photo}")
    assert made.abs().amin(1).min() > 0


def test_over_classes_a_style_is_for_a_class(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"conditions.texture": {**TEXTURE, "over": "label"}})
    counts = gather(run, least=0, device="cpu")
    assert {count.label for count in counts} <= {0, 1, 2}
    translator = gan_zoo.load(run, device="cpu")
    assert translator.inputs == ["label"]
    label = inputs()["label"]
    assert not torch.equal(translator(label, style="class:1=cluster:0"), translator(label))
    with pytest.raises(UserError, match="here a style is for a whole class; say class:C"):
        translator(label, style="instance:5=sample")


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("smple", "smple came; [instance:ID=|class:C=]sample|cluster:K|encode:IMAGE was expected"),
        ("cluster:x", "cluster:x came; [instance"),
        ("encode:", "encode: came; [instance"),
        ("class:car=sample", "class:car came; instance:ID or class:C was expected"),
        (["sample", "cluster:0"], "two styles came for all; give one of them"),
        ("class:3=sample", "class:3 came; the model knows class:0 to class:2"),
        ("class:1=cluster:9", "cluster:9 came, but class 1 has cluster:0 to cluster:1; class:1="),
        ("instance:77=sample", "there is no instance 77 here"),
        ("encode:nowhere.jpg", "nowhere.jpg"),
        ({"thing:1": "sample"}, "thing:1 came; instance:ID or class:C was expected"),
        ({"": torch.zeros(5)}, "a style of 5 numbers came; conditions.texture has 3"),
    ],
    ids=str,
)
def test_refusals(translator: Translator, style: Any, told: str) -> None:
    with pytest.raises(UserError) as caught:
        translator(inputs(), style=style)
    assert told in str(caught.value)


def test_no_styles_yet(bare: RunFolder) -> None:
    translator = gan_zoo.load(bare, device="cpu")
    with pytest.raises(UserError) as caught:
        translator(inputs(), style="sample")
    assert str(caught.value) == (
        "--style: sample takes styles of the training data, and none were gathered yet; "
        f"gan-zoo features {bare.path} gathers them"
    )


def test_styles_of_earlier_weights_are_not_used(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    recipe = (tmp_path / "run/recipe.yaml").read_text()
    (tmp_path / "run/recipe.yaml").write_text(recipe.replace("steps: 2", "steps: 4"))
    resume(tmp_path / "run", reporter=Reporter(quiet=True))
    translator = gan_zoo.load(tmp_path / "run", device="cpu")
    assert "weights latest at step 2, and weights latest at step 4 play" in translator.describe()
    assert torch.equal(shown(translator), torch.zeros(4, 3))
    with pytest.raises(UserError, match="at step 4 play; gan-zoo features"):
        translator(inputs(), style="sample")
    gather(tmp_path / "run", device="cpu")
    assert "the mean of the class" in gan_zoo.load(tmp_path / "run", device="cpu").describe()


def test_damaged_styles_are_refused_by_file(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    file = tmp_path / "run/styles/texture.safetensors"
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(UserError, match=r"texture\.safetensors cannot be read .*gan-zoo features"):
        gan_zoo.load(tmp_path / "run", device="cpu")
    (tmp_path / "run/styles/about.json").write_text("{")
    with pytest.raises(UserError, match=r"about\.json cannot be read"):
        gan_zoo.load(tmp_path / "run", device="cpu")


# ------------------------------------------------------------------ command line


def test_from_the_command_line(bare: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(bare.path, tmp_path / "run")
    run, call = str(tmp_path / "run"), CliRunner().invoke
    made = call(app, ["features", run, "--least", "0.0001", "--device", "cpu"])
    assert made.exit_code == 0, made.output
    assert "Styles of conditions.texture, by class" in made.output
    told = call(app, ["features", run, "--least", "0.0001", "--device", "cpu", "--json"])
    counts = [Count(**row) for row in json.loads(told.output)]
    assert counts
    assert {count.condition for count in counts} == {"texture"}
    path, pictures = next((TINY / "test_label").glob("*.png")), []
    for seed in ("0", "0", "1"):
        out = tmp_path / f"{len(pictures)}.png"
        styles = ["--style", "sample", "--style", "class:0=cluster:0"]
        asked = ["translate", run, str(path), str(out), "--device", "cpu", "--seed", seed, *styles]
        made = call(app, asked)
        assert made.exit_code == 0, made.output
        assert f"seed {seed}" in made.output
        with PIL.open(out) as opened:
            pictures.append(np.asarray(opened))
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_a_preview_shows_the_styles_of_its_target(translator: Translator) -> None:
    sample = translator.recipe.data.open("val").read(0, None)
    given = {name: sample.maps[name] for name in translator.inputs}
    style = translator.stylist.of_real(sample.maps)
    assert style is not None
    [found] = translator.stylist.of_sample(sample.maps).values()
    assert style.keys() == {f"instance:{number}" for number in found}
    own, usual = (translator.picture(given, style=one) for one in (style, None))
    assert not torch.equal(own, usual)
    there = next(iter(found))  # with any of them changed, another picture comes
    other = translator.picture(given, style={**style, f"instance:{there}": found[there] + 1})
    assert not torch.equal(other, own)
