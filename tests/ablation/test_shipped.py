"""The papers' tables as they ship: each reads, its variants hold, its names are the table's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gan_zoo.ablation.ablate import ablate
from gan_zoo.ablation.file import AblationFields, read_ablation
from gan_zoo.ablation.variants import make_variants
from gan_zoo.recipe import text
from gan_zoo.recipe.schema import schema
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter
from tests.recipe.test_schema import refuses

LOSSES = ["l1", "gan", "cgan", "l1_gan", "l1_cgan"]
NETS = ["encoder_decoder.l1", "encoder_decoder.l1_cgan", "unet.l1", "unet.l1_cgan"]
NORMS = ["batch", "instance", "group", "none"]
HD_LOSSES = ["gan", "gan_features", "gan_features_perceptual"]
HD_NETS = ["unet", "global", "local_enhancer"]
INSTANCES = ["no_boundary", "boundary", "features"]

# Name -> its variants, and the one that the others are set against.
SHIPPED: dict[str, tuple[list[str], str]] = {
    "pix2pix_generators": (NETS, "unet.l1_cgan"),
    "pix2pix_losses": (LOSSES, "l1_cgan"),
    "pix2pix_norms": (NORMS, "batch"),
    "pix2pix_patches": (["1", "16", "70", "286"], "70"),
    "pix2pixhd_generators": (HD_NETS, "local_enhancer"),
    "pix2pixhd_instances": (INSTANCES, "boundary"),
    "pix2pixhd_losses": (HD_LOSSES, "gan_features_perceptual"),
    "pix2pixhd_scales": (["1", "2", "3"], "3"),
}
SMALL = {f"{name}_small": told for name, told in SHIPPED.items()}
SMALL["pix2pix_patches_small"] = (["1", "16", "34", "70"], "16")
ALL = SHIPPED | SMALL
ABLATIONS = Zoo.installed().ablations()


def test_the_eight_tables_ship_each_with_a_small_one() -> None:
    assert sorted(ABLATIONS) == sorted(ALL)
    assert not set(ABLATIONS) & set(Zoo.installed().recipes())


@pytest.mark.parametrize("name", ALL)
def test_its_variants_hold(name: str) -> None:
    file = read_ablation(name)
    made = make_variants(file)
    variants, reference = ALL[name]
    assert [one.name for one in made.variants] == variants
    assert file.fields.compared_with == reference
    assert file.fields.about.endswith(".")
    assert made.left_out == {}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_needs_nothing_and_is_short(name: str) -> None:
    file = read_ablation(name)
    assert file.fields.seeds == (0, 1, 2)
    assert file.fields.budget
    for variant in make_variants(file).variants:
        recipe = variant.wired.recipe
        lengths = [phase.steps or 250 * (phase.epochs or 0) for phase in recipe.phases.values()]
        assert sum(lengths) == file.fields.budget.steps
        assert not [line for spec in recipe.components().values() for line in spec.missing()]
        last = variant.wired.phase(list(recipe.phases)[-1])
        assert last.recipe.data.maps(last.phase.size)["target"].size == (64, 64)


def test_patches_see_as_far_as_they_are_called() -> None:
    for name in ("pix2pix_patches", "pix2pix_patches_small"):
        for variant in make_variants(read_ablation(name)).variants:
            judge = variant.wired.recipe.discriminator
            assert judge is not None
            assert str(judge.receptive_field()) == variant.name


@pytest.mark.parametrize(
    ("name", "variant", "column", "value"),
    [
        ("pix2pix_losses", "l1_cgan", "mean_iou", 0.17),
        ("pix2pix_losses", "gan", "pixel_accuracy", 0.22),
        ("pix2pix_generators", "unet.l1", "mean_iou", 0.13),
        ("pix2pix_patches", "1", "pixel_accuracy", 0.39),
        ("pix2pixhd_generators", "local_enhancer", "mean_iou", 0.6389),
        ("pix2pixhd_scales", "1", "mean_iou", 0.5775),
        ("pix2pixhd_losses", "gan", "full_preferred", 68.55),
        ("pix2pixhd_instances", "no_boundary", "full_preferred", 64.34),
    ],
)
def test_a_paper_is_quoted(name: str, variant: str, column: str, value: float) -> None:
    published = read_ablation(name).fields.published
    assert published
    assert published.columns()[variant][column] == value


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return schema(Zoo.installed(), AblationFields)


@pytest.mark.parametrize("name", ALL)
def test_the_schema_takes_it(name: str, whole: dict[str, Any]) -> None:
    node, _ = text.read(ABLATIONS[name][0][0].read_text(), name)
    assert refuses(node.plain(), whole, whole) == ""


def test_the_schema_refuses_mistakes(whole: dict[str, Any]) -> None:
    mistakes: list[dict[str, Any]] = [
        {"basis": "quickstart"},
        {"vary": {"a": {"generater": {}}}},
        {"vary": {"a": {"losses": {"l1": {"use": "l3"}}}}},
        {"grid": {"loss": {"a": {"losses": {"l1": {"wieght": 3}}}}}},
        {"score": {"metrics": {"l1": {"use": "l9"}}}},
        {"seeds": "three"},
    ]
    for mistake in mistakes:
        assert refuses(mistake, whole, whole), mistake
    assert refuses({"set": {"generator.width": 3, "losses": {"l1": None}}}, whole, whole) == ""


def test_lines_are_short() -> None:
    for claims in ABLATIONS.values():
        lines = Path(claims[0][0]).read_text().splitlines()
        assert max(map(len, lines)) <= 100
        assert lines[0].startswith("# ")


@pytest.mark.slow  # about a minute each
@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_trains(name: str, tmp_path: Path) -> None:
    """All of it but the length, the seeds, and the score whose judge takes minutes."""
    told = yaml.safe_load(ABLATIONS[name][0][0].read_text())
    told |= {"budget": {"steps": 6}, "seeds": [3]}
    told["score"]["metrics"].pop("segmentation")
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(told, sort_keys=False))
    found = ablate(file, tmp_path / "made", reporter=Reporter(quiet=True))
    variants, reference = SMALL[name]
    assert len(found.outcome.done) == len(variants)
    assert [record["variant"] for record in found.records()] == variants
    for record in found.records():
        own = [name for name in record if name.endswith(".mean") and record[name] is not None]
        [l1] = [name for name in own if name.startswith("l1")]  # styles of targets are another one
        assert 0 < record[l1] < 255
        alone = record["variant"] == reference or l1 != "l1.mean"
        assert (record["l1.difference"] is None) == alone
