"""A draft is a recipe that holds, for all data, and what is written of it is the same recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gan_zoo.checks import contracts
from gan_zoo.data_tools.drafting.adapting import draft
from gan_zoo.data_tools.drafting.base_recipes import Base, choose_base
from gan_zoo.data_tools.drafting.draft import Draft, Folder
from gan_zoo.data_tools.drafting.text import REASONS, WIDTH, write_draft
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from tests.data_tools.drafting.conftest import DATA, folder

ZOO = Zoo([plugin for plugin in Zoo.installed().plugins if plugin.builtin])
RECIPES = list(ZOO.recipes())


def drafted(like: str | None, found: Folder) -> Draft:
    """A draft, as `init` makes it."""
    spec: Any = ZOO.get("data", found.name)
    data = spec.model_validate(dict(found.options))
    return draft(Base.read(like, ZOO) if like else choose_base(data, ZOO), found)


def written(made: Draft, path: Path) -> Recipe:
    """The recipe of the file."""
    path.write_text(write_draft(made, "a title", (made.base.name, "as the test says")))
    return Recipe.load(path, zoo=ZOO)


@pytest.mark.parametrize("like", RECIPES)
@pytest.mark.parametrize("data", DATA)
def test_every_recipe_can_be_followed_with_all_data(data: str, like: str, tmp_path: Path) -> None:
    made = drafted(like, folder(data, (300, 200), val=20))
    recipe = written(made, tmp_path / "mine.yaml")
    assert recipe == made.recipe
    contracts(recipe)
    name, options = DATA[data]
    said = recipe.dump(ZOO)["data"]
    assert said["use"] == name
    assert {key: said[key] for key in options} == dict(options)
    asked = {need for one in recipe.conditions.values() for need in one.needs()}
    assert set(recipe.data.maps()) - {"target"} <= asked
    assert recipe.validation
    assert set(recipe.splits()) == {"train", "val"}


@pytest.mark.parametrize("side", [16, 28, 32, 40, 64, 100, 128, 200, 512, 1500])
@pytest.mark.parametrize("data", ["pairs", "labels and instances"])
def test_the_chosen_recipe_fits_pictures_of_any_size(data: str, side: int, tmp_path: Path) -> None:
    made = drafted(None, folder(data, (side, 2 * side)))
    recipe = written(made, tmp_path / "mine.yaml")
    contracts(recipe)
    assert recipe == made.recipe
    size = recipe.phases[next(iter(recipe.phases))].size or recipe.data.maps()["target"].size
    assert size
    assert size[0] % recipe.generator.multiple() == 0


@pytest.mark.parametrize(
    ("data", "base"),
    [
        ("pairs", "pix2pix"),
        ("grey pairs", "pix2pix"),
        ("labels and instances", "pix2pixhd_512"),
        ("labels", "pix2pixhd_512"),
        ("a table", "pix2pix"),
    ],
)
def test_published_settings_are_chosen_by_maps(data: str, base: str) -> None:
    made = drafted(None, folder(data))
    assert made.base.name == base


def test_direction_and_sizes_of_the_followed_recipe_do_not_creep_in(tmp_path: Path) -> None:
    table = drafted("pix2pix", folder("pairs", (600, 900)))
    recipe: Any = written(table, tmp_path / "mine.yaml")
    assert (recipe.data.direction, recipe.data.load, recipe.data.crop) == (
        "a_to_b",
        None,
        (512, 512),
    )


def test_phases_keep_their_proportions(tmp_path: Path) -> None:
    made = drafted("pix2pixhd_features", folder("labels and instances", (1080, 1920)))
    phases = written(made, tmp_path / "mine.yaml").phases
    assert [phase.size for phase in phases.values()] == [(544, 960), (1088, 1920), (1088, 1920)]
    assert phases["joint"].set == {"conditions.texture.frozen_at": [544, 960]}
    assert made.changes["data.aspect"] == "crop"  # 1088 is no multiple of 1080
    cropped = drafted("pix2pixhd_features_crop", folder("labels and instances", (1080, 1920)))
    phases = written(cropped, tmp_path / "mine.yaml").phases
    assert phases["coarse"].size == (544, 960)  # half, as the coarse part halves once less
    assert phases["joint"].set == {
        "data.crop": [896, 896],
        "conditions.texture.frozen_at": [448, 448],
    }


def test_a_condition_that_goes_takes_what_phases_said_of_it(tmp_path: Path) -> None:
    made = drafted("pix2pixhd_features", folder("labels"))
    recipe = written(made, tmp_path / "mine.yaml")
    assert list(recipe.conditions) == ["labels"]
    assert recipe.phases["coarse"].train == ("generator.coarse", "discriminator")
    assert recipe == made.recipe


@pytest.mark.parametrize(
    ("pairs", "epochs", "hold", "fall"),
    [(40, 200, 99, 101), (3000, 200, 99, 101), (20_000, 30, 15, 15), (10**6, 15, 7, 8)],
)
def test_many_samples_are_seen_less_often(pairs: int, epochs: int, hold: int, fall: int) -> None:
    phase = drafted(None, folder("pairs", train=pairs)).recipe.phases["main"]
    assert phase.schedule
    assert (phase.epochs, phase.schedule.hold, phase.schedule.fall) == (epochs, hold, fall)


def test_without_a_validation_split_nothing_looks_at_one(tmp_path: Path) -> None:
    made = drafted("quickstart", folder("pairs", test=9))
    recipe = written(made, tmp_path / "mine.yaml")
    assert recipe.validation is None
    assert list(recipe.splits()) == ["train"]


def test_a_batch_is_no_larger_than_the_data() -> None:
    assert drafted("quickstart", folder("pairs")).recipe.data.batch == 4
    assert drafted("quickstart", folder("pairs", train=3)).recipe.data.batch == 3


def test_what_was_learned_elsewhere_and_is_not_at_hand_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    made = drafted(None, folder("labels and instances"))
    assert "perceptual" not in made.recipe.losses
    assert "not in the cache" in made.whys["losses.perceptual"]


def test_a_recipe_that_cannot_follow_is_refused_with_its_own_words(tmp_path: Path) -> None:
    stuck = tmp_path / "stuck.yaml"
    stuck.write_text("extends: pix2pix\ndiscriminator: {layers: 9}\n")
    with pytest.raises(UserError, match=r"cannot be made .* 256x256 .*--like RECIPE"):
        drafted(str(stuck), folder("pairs"))


TEXT = """\
# mine: 400 in train
extends: pix2pix                  # the published settings
data:
  use: paired_folder              # as the test says
  root: somewhere                 # the folder that holds the splits
  direction: a_to_b               # which side is the source
  load: [107, 107]                # pictures are 100x100: a little larger
  crop: [96, 96]                  # a random part of that, the jitter as published; sides are
                                  # multiples of 32
  flip: 0.5                       # mirrored they are as good; 0 if left and right differ
generator: {depth: 5}             # so often these sides can be halved
phases:
  main: {epochs: 200}             # 80,000 steps; as long as pix2pix
# scores 7 unseen samples
validation: {split: val, every: 5, metrics: {l1: {use: l1}, psnr: {use: psnr}}}
callbacks:
  previews: {split: val}          # unseen samples tell more
  health: {split: val}            # unseen samples tell more
"""


def test_the_text_of_a_draft() -> None:
    made = drafted(None, folder("pairs", (100, 100), val=7))
    text = write_draft(made, "mine: 400 in train", ("pix2pix", "the published settings"))
    assert text == TEXT
    assert max(map(len, text.splitlines())) <= WIDTH


def test_long_reasons_go_on_below_themselves() -> None:
    made = drafted(None, folder("pairs")).explain({"data.use": "word " * 40})
    text = write_draft(made, "mine", ("pix2pix", ""))
    place = " " * REASONS + "# word word"
    assert text.count(place) == 2
    assert max(map(len, text.splitlines())) <= WIDTH


def test_codes_in_a_name_do_not_reach_the_recipe(tmp_path: Path) -> None:
    made = drafted(None, folder("pairs"))
    path = tmp_path / "mine.yaml"
    path.write_text(write_draft(made, "a\x07b\nextends: c\udcff", ("pix2pix", "")))
    assert path.read_text().startswith("# a?b extends: c?\n")
    assert Recipe.load(path, zoo=ZOO) == made.recipe
