"""Checkpoints without a recipe: what is read off their shapes, assumed, and said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.importer import import_run, import_unknown
from gan_zoo.importer.files import Folder
from gan_zoo.importer.recipe_from_files import read_recipe
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder
from gan_zoo.testing.fixtures import PLAIN
from gan_zoo_conditions.instance_features_specs import InstanceFeaturesSpec
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from gan_zoo_generators.residual_specs import GlobalSpec, LocalEnhancerSpec, ResNetSpec
from gan_zoo_generators.unet_specs import UNetSpec
from tests.importer.foreign import HD, publish, recipe_of, refusal, scales, told, whole
from tests.parity import published
from tests.plugins.networks import GOLDEN, compare

CASES = sorted(path.parent for path in GOLDEN.rglob("golden.json"))
RGB = Image(3)
MAPS = {"instance": Image(1, instances=8), "target": RGB}


# ---------------------------------------------------------------------------------- golden


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_a_golden_case_gives_the_networks_of_its_recipe(case: Path, tmp_path: Path) -> None:
    golden = json.loads((case / "golden.json").read_text())
    known = published.recipe(golden, "float32")
    import_run(case, known, tmp_path / "known")
    plain = {"generator.dropout": "none"} if golden["case"].get("netG") in published.UNETS else {}
    import_unknown(case, tmp_path / "read", plain)

    run = RunFolder.open(tmp_path / "read")
    read = run.recipe()
    assert read.generator == known.generator
    assert read.discriminator == known.discriminator
    assert list(read.conditions.values()) == list(known.conditions.values())
    joins = {net.name: (net.given.channels, net.wanted.channels) for net in wired(read)}
    assert joins == {net.name: (net.given.channels, net.wanted.channels) for net in wired(known)}

    networks = assemble(read, weights=False, losses="none")
    for name, network in networks.networks.items():
        weights = run.load_weights("latest", name)
        same = RunFolder.open(tmp_path / "known").load_weights("latest", name)
        assert weights.keys() == same.keys()
        # No file holds the coarse head: each recipe gives it first weights of its own.
        held = [key for key in weights if not key.startswith("coarse.decoder.3.")]
        assert all(torch.equal(weights[key], same[key]) for key in held)
        network.load_state_dict(weights)
        network.double()
    stored = load_file(case / "golden.safetensors")
    maps = PLAIN.receive(published.maps(stored))
    with torch.no_grad():
        shown = [condition(maps).double() for condition in networks.conditions.values()]
        picture = networks.networks["generator"](torch.cat(shown, dim=1))
    compare(picture, stored, "G_output" if "label" in stored else "G_train_mode")


def wired(recipe: Recipe) -> Any:
    return recipe.method.wire(recipe.parts()).networks


# ---------------------------------------------------------------------------------- synthesized


@pytest.mark.parametrize(
    ("generator", "discriminator"),
    [
        (UNetSpec(width=2, depth=7), PatchSpec(width=2, layers=4)),
        (
            UNetSpec(width=1, norm="instance"),
            PatchSpec(width=3, layers=1, norm="instance"),
        ),
        (UNetSpec(width=2, depth=8, norm="none"), PatchSpec(width=2, norm="none")),
        (ResNetSpec(width=2, blocks=6), PixelSpec(width=2)),
        (
            ResNetSpec(width=2, norm="instance", dropout="code"),
            PixelSpec(norm="instance"),
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("sides", [(3, 3), (1, 3), (4, 1)])
def test_networks_of_pix2pix(
    generator: GeneratorSpec,
    discriminator: DiscriminatorSpec,
    sides: tuple[int, int],
    tmp_path: Path,
) -> None:
    source, target = map(Image, sides)
    publish(tmp_path, "G", generator, source, target)
    publish(tmp_path, "D", discriminator, source, target)
    read = recipe_of(tmp_path)
    assert (read.generator, read.discriminator) == (generator, discriminator)
    maps = read.data.maps()
    assert (maps["source"].channels, maps["target"].channels) == sides
    assert read.inference.norm == "picture"
    assert [net.given.channels for net in wired(read)] == [sides[0], sides[0]]


@pytest.mark.parametrize(
    ("generator", "discriminator", "features", "recipe"),
    [
        (whole(), scales(1), None, "pix2pixhd_512"),
        (whole("batch", downsamplings=2), scales(2, "batch", 2), 3, "pix2pixhd_512_features"),
        (
            LocalEnhancerSpec(enhancers=2, blocks=2, coarse=whole(width=4)),
            scales(3),
            5,
            "pix2pixhd_",
        ),
        (
            LocalEnhancerSpec(blocks=1, norm="batch", coarse=whole("batch", downsamplings=3)),
            scales(2),
            None,
            "pix2pixhd",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("matched", [True, False])
def test_networks_of_pix2pixhd(
    generator: GeneratorSpec,
    discriminator: DiscriminatorSpec,
    features: int | None,
    recipe: str,
    matched: bool,
    tmp_path: Path,
) -> None:
    publish(tmp_path, "G", generator, Image(9 + 1 + (features or 0)), RGB)
    publish(tmp_path, "D", discriminator, Image(9 + 1), RGB, layout=0 if matched else 1)
    encoder = InstanceFeaturesSpec(width=2, channels=features or 1, downsamplings=3)
    if features:
        publish(tmp_path, "E", encoder, MAPS)
    read, source, _ = read_recipe(Folder.open(tmp_path))
    assert source.name.startswith(recipe)
    assert (read.generator, read.discriminator) == (generator, discriminator)
    assert list(read.conditions) == ["labels", "edges", *(["texture"] if features else [])]
    assert not features or read.conditions["texture"] == encoder
    assert read.data.maps()["label"].classes == 9
    assert ("features" in read.losses) == matched
    assert len(read.phases) == 1


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_drawn_networks_are_read_as_they_are(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    small = st.integers(1, 3)
    norm = data.draw(st.sampled_from(["batch", "instance"]))
    generator: GeneratorSpec = whole(
        norm, downsamplings=data.draw(small), blocks=data.draw(small), width=data.draw(small)
    )
    if count := data.draw(st.integers(0, 3)):
        blocks = data.draw(small)
        assert isinstance(generator, GlobalSpec)
        coarse = generator.model_copy(update={"width": 2**count * generator.width})
        generator = LocalEnhancerSpec(enhancers=count, blocks=blocks, norm=norm, coarse=coarse)
    discriminator = scales(data.draw(small), data.draw(st.sampled_from(["batch", "instance"])))
    classes, outputs = data.draw(st.integers(1, 40)), data.draw(st.sampled_from([1, 3]))
    publish(folder, "G", generator, Image(classes + 1), Image(outputs))
    layout = data.draw(st.integers(0, 1))
    publish(folder, "D", discriminator, Image(classes + 1), Image(outputs), layout=layout)
    read = recipe_of(folder)
    assert (read.generator, read.discriminator) == (generator, discriminator)
    assert read.data.maps()["label"].classes == classes
    assert read.data.maps()["target"].channels == outputs


@pytest.mark.parametrize("kind", ["generator", "discriminator", "condition"])
def test_every_component_knows_its_own_files_and_names_recipes_that_ship(kind: str) -> None:
    shipped, known = Zoo.installed().recipes(), 0
    joins: tuple[Any, ...] = (MAPS,) if kind == "condition" else (RGB, RGB)
    for claims in Zoo.installed().claims(kind).values():
        spec: Any = claims[0].spec.example()
        for layout in spec.published(*joins):
            with torch.device("meta"):
                ours = spec.build(*joins).state_dict()
            shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
            reading = type(spec).recognize(shapes)
            assert reading
            assert set(reading.recipes) <= set(shipped)
            known += 1
    assert known


# ---------------------------------------------------------------------------------- --set


def test_classes_follow_again_from_what_is_set() -> None:
    def classes(case: str, changes: Mapping[str, Any]) -> Any:
        return recipe_of(HD / case, changes).data.maps()["label"].classes

    assert classes("global", {}) == 6
    assert classes("global", {"conditions.edges": None}) == 7
    assert (
        classes("global", {"conditions.edges": None, "conditions.labels.ignore_as": "channel"}) == 6
    )
    assert classes("global_features", {"conditions.edges": None}) == 7
    assert classes("global_features", {"conditions.edges.map": "label"}) == 6


def test_classes_that_are_set_must_fit() -> None:
    assert refusal(HD / "global", {"data.classes": 5}) == (
        "generator takes 7 channels and makes 3, by its file; the recipe gives it 6 "
        "(conditions.labels 5, conditions.edges 1) and wants 3\n"
        "No data.target mends that\n"
        "Leave data.classes out, which follows, or change the conditions, as "
        "--set conditions.edges=null"
    )
    assert recipe_of(HD / "global", {"data.classes": 6}) == recipe_of(HD / "global")


def test_pictures_in_place_of_label_maps(tmp_path: Path) -> None:
    publish(tmp_path, "G", whole(), RGB, RGB)
    publish(tmp_path, "D", scales(2), RGB, RGB)
    assert recipe_of(tmp_path).data.maps()["label"].classes == 2
    changes = {
        "data": {"use": "paired_folder", "root": "here"},
        "conditions.labels": None,
        "conditions.edges": None,
        "conditions.picture": {"use": "image"},
    }
    read = recipe_of(tmp_path, changes)
    assert read.data.maps()["source"].channels == 3
    assert read.generator == whole()


def test_without_a_channel_for_classes_it_says_what_there_is(tmp_path: Path) -> None:
    publish(tmp_path, "G", whole(), Image(1), RGB)
    said = refusal(tmp_path)
    assert "generator takes 1 channels and makes 3" in said
    assert said.endswith("as --set conditions.edges=null")
    assert recipe_of(tmp_path, {"conditions.edges": None}).data.maps()["label"].classes == 1


def test_two_components_with_the_same_tensors(tmp_path: Path) -> None:
    twice = whole(downsamplings=2, blocks=9)
    publish(tmp_path, "G", twice, RGB, RGB)
    read = recipe_of(tmp_path)
    assert read.generator == ResNetSpec(width=2, blocks=9, norm="instance")
    assert "generator.use=resnet  # global has such tensors, too" in told(tmp_path)
    asked = recipe_of(tmp_path, {"generator.use": "global"})
    assert asked.generator == twice
    publish(tmp_path, "D", scales(2), RGB, RGB)  # a discriminator of the other program
    assert recipe_of(tmp_path).generator == twice
    (tmp_path / "latest_net_D.pth").unlink()
    publish(tmp_path, "G", twice, Image(36), RGB)  # no picture has so many channels
    assert recipe_of(tmp_path).generator == twice
