"""What shapes and names tell of a recipe, with the exact words that its writer reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gan_zoo.checks.contracts import contracts
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo.registry.zoo import Zoo
from tests.checks.conftest import ZOO, SquaresSpec
from tests.recipe.small_zoo import ImageSpec, L1Spec, PairedSpec, UNetSpec

GROWING = "generator={use: growing, coarse: {use: unet, depth: 4}}"
ENCODED = "conditions.code={use: encoded, map: target}"
MISTAKES: dict[str, tuple[list[str], list[str]]] = {
    "a map that is not there": (
        ["conditions.picture.map=sorce"],
        [
            "--set conditions.picture.map=sorce: conditions.picture.map: the data has no "
            "map 'sorce'; did you mean source?"
        ],
    ),
    "a map with nothing near": (
        ["conditions.picture.map=depth"],
        [
            "--set conditions.picture.map=depth: conditions.picture.map: the data has no "
            "map 'depth'; there are source, target; use {use: color, map: source} or "
            "{use: image, map: source}, or remove conditions.picture (null removes what is "
            "inherited)"
        ],
    ),
    "a map that does not suit": (
        ["conditions.c={use: color, map: target}"],
        [
            "--set conditions.c={use: color, map: target}: conditions.c.map: target is "
            "grey; use a map in color"
        ],
    ),
    "data that cannot be": (
        ["data.bound=100"],
        ["--set data.bound=100: data.bound: bound is at most 99"],
    ),
    "a method that cannot be": (
        ["method.masked=true"],
        ["--set method.masked=true: method.masked: masked needs a map `mask`"],
    ),
    "a game without discriminator": (
        ["discriminator=null", "optimizers.discriminator=null"],
        [
            "r.yaml:8: losses.gan: adversarial teaches a discriminator, and there is "
            "none; add discriminator: {use: NAME, ...}, or remove losses.gan (null "
            "removes what is inherited)"
        ],
    ),
    "views without discriminator": (
        ["discriminator=null", "optimizers.discriminator=null", "losses.gan={use: features}"],
        [
            "--set losses.gan={use: features}: losses.gan: features needs fake_views and "
            "real_views, and the generator has only fake, real; add discriminator: {use: "
            "NAME, ...}, which may bring them, or remove losses.gan (null removes what "
            "is inherited)"
        ],
    ),
    "a loss that lacks another beside it": (
        ["losses.gan={use: steep, form: high}"],
        [
            "--set losses.gan={use: steep, form: high}: losses.gan.form: steep has no bound; "
            "add a bound"
        ],
    ),
    "a loss that lacks a player is asked no more": (
        ["losses.gan={use: steep, form: high}", "discriminator=null", "losses.l1=null"],
        [
            "r.yaml:12: optimizers.discriminator: there is no player 'discriminator' to step; "
            "there is only generator",
            "--set losses.gan={use: steep, form: high}: losses.gan: steep teaches a "
            "discriminator, and there is none; add discriminator: {use: NAME, ...}, or remove "
            "losses.gan (null removes what is inherited)",
        ],
    ),
    "a player without loss": (
        ["losses.gan=null"],
        [
            "r.yaml:7: losses: no loss teaches the discriminator; add one that does, or "
            "leave the discriminator out"
        ],
    ),
    "a player without optimizer": (
        ["optimizers.generator=null"],
        [
            "r.yaml:10: optimizers.generator: is missing (how the generator steps); "
            "write generator: {use: NAME, ...} with NAME one of adam"
        ],
    ),
    "an optimizer without player": (
        ["optimizers.generater={use: adam}"],
        [
            "--set optimizers.generater={use: adam}: optimizers.generater: there is no "
            "player 'generater' to step; did you mean generator?"
        ],
    ),
    "a start of nobody": (
        ["phases.late.start={critic: fresh}"],
        [
            "--set phases.late.start={critic: fresh}: phases.late.start.critic: there is "
            "no player 'critic'; there are generator, discriminator"
        ],
    ),
    "a part that is not there": (
        ["phases.late.train=[generator, generator.encodr]"],
        [
            "--set phases.late.train=[generator, generator.encodr]: phases.late.train "
            "(item 2): there is no part 'generator.encodr'; did you mean "
            "generator.encoder?"
        ],
    ),
    "a part with nothing near": (
        ["phases.late.train=[generator.x]"],
        [
            "--set phases.late.train=[generator.x]: phases.late.train (item 1): there is "
            "no part 'generator.x'; there are generator.encoder, generator.decoder"
        ],
    ),
    "a network that is not there": (
        ["phases.late.train=[discrimnator]"],
        [
            "--set phases.late.train=[discrimnator]: phases.late.train (item 1): there "
            "is no part 'discrimnator'; did you mean discriminator?"
        ],
    ),
    "a condition that is not there": (
        [ENCODED, "phases.late.train=[conditions.cod]"],
        [
            "--set phases.late.train=[conditions.cod]: phases.late.train (item 1): "
            "there is no part 'conditions.cod'; did you mean conditions.code?"
        ],
    ),
    "a condition that cannot learn": (
        ["phases.late.train=[generator, conditions.picture]"],
        [
            "--set phases.late.train=[generator, conditions.picture]: phases.late.train "
            "(item 2): 'conditions.picture' owns no parameters, so it cannot learn; leave it out"
        ],
    ),
    "a map that no translation has": (
        ["conditions.picture.map=target"],
        [
            "--set conditions.picture.map=target: conditions.picture.map: 'target' is the map "
            "that is learned, so no translation has it; there is only source"
        ],
    ),
    "a phase with other channels": (
        ["phases.late.set={data.batch: 2, data.grey: true}"],
        [
            "--set phases.late.set={data.batch: 2, data.grey: true}: phases.late.set.data.batch: "
            "a phase cannot change the channels of source, which networks are built for: 1 here, "
            "3 at the top level"
        ],
    ),
    "nothing learns": (
        ["phases.late.train=[]"],
        [
            "--set phases.late.train=[]: phases.late.train: nothing would learn; name a "
            "part, or leave `train` out"
        ],
    ),
    "what cannot play": (
        ["phases.late.play=generator.encoder"],
        [
            "--set phases.late.play=generator.encoder: phases.late.play: "
            "'generator.encoder' cannot make the picture; did you mean generator?"
        ],
    ),
    "a part that rests": (
        [GROWING, "phases.late.play=generator.coarse", "phases.late.train=[generator.fine]"],
        [
            "--set phases.late.train=[generator.fine]: phases.late.train (item 1): "
            "'generator.fine' rests while generator.coarse plays, so it cannot learn; "
            "leave it out"
        ],
    ),
    "what a phase cannot set": (
        ["phases.late.set.generator.depth=4"],
        [
            "--set phases.late.set.generator.depth=4: phases.late.set.generator.depth: a "
            "phase cannot set generator.depth; it can set data.NAME, engine.NAME, "
            "discriminator.layers, losses.gan.weight, losses.l1.weight"
        ],
    ),
    "a near miss in a phase's set": (
        ["phases.late.set.losses.l1.wieght=4"],
        [
            "--set phases.late.set.losses.l1.wieght=4: phases.late.set.losses.l1.wieght: "
            "a phase cannot set losses.l1.wieght; did you mean losses.l1.weight?"
        ],
    ),
    "a wrong value in a phase's set": (
        ["phases.late.set.data.batch=0"],
        [
            "--set phases.late.set.data.batch=0: phases.late.set.data.batch: 0 came, but "
            "a whole number above 0 is expected"
        ],
    ),
    "a wrong key in a phase's set": (
        ["phases.late.set.data.bach=2"],
        [
            "--set phases.late.set.data.bach=2: phases.late.set.data.bach: unknown key; "
            "did you mean batch?"
        ],
    ),
    "a set that does not hold together": (
        ["phases.late.set={data.crop: [256, 256], data.narrow: true}"],
        [
            "--set phases.late.set={data.crop: [256, 256], data.narrow: true}: "
            "phases.late.set: data: narrow pictures need a crop that is higher than wide"
        ],
    ),
    "a nested set": (
        ["phases.late.set={losses: {l1: {weight: -1}}}"],
        [
            "--set phases.late.set={losses: {l1: {weight: -1}}}: phases.late.set.losses: "
            "losses.l1.weight: -1 came, but a number of at least 0 is expected"
        ],
    ),
    "a size of the data that does not fit": (
        ["data.crop=[200, 200]"],
        [
            "--set data.crop=[200, 200]: data.crop: [200, 200] does not suit "
            "generator.depth: depth 8 halves the picture 8 times, so its sides must be "
            "multiples of 256; the height is 200. Use height 256, or depth <= 3"
        ],
    ),
    "a depth that does not fit": (
        ["generator.depth=9"],
        [
            "r.yaml:1: data.crop: [256, 256] does not suit generator.depth: depth 9 "
            "halves the picture 9 times, so its sides must be multiples of 512; the "
            "height is 256. Use height 512, or depth <= 8"
        ],
    ),
    "a width that the data scales to": (
        ["data.crop=null", "data.scale_width=200"],
        [
            "--set data.scale_width=200: data.scale_width: 200 does not suit "
            "generator.depth: depth 8 halves the picture 8 times, so its sides must be "
            "multiples of 256; the width is 200. Use width 256, or depth <= 3"
        ],
    ),
    "a phase's size that does not fit": (
        ["phases.late.size=[64, 64]"],
        [
            "--set phases.late.size=[64, 64]: phases.late.size: [64, 64] does not suit "
            "generator.depth: depth 8 halves the picture 8 times, so its sides must be "
            "multiples of 256; the height is 64. Use height 256, or depth <= 6"
        ],
    ),
    "a phase's own crop that does not fit": (
        ["phases.late.set.data.crop=[64, 64]"],
        [
            "--set phases.late.set.data.crop=[64, 64]: phases.late.set.data.crop: [64, "
            "64] does not suit generator.depth: depth 8 halves the picture 8 times, so "
            "its sides must be multiples of 256; the height is 64. Use height 256, or "
            "depth <= 6"
        ],
    ),
    "a size that the data refuses": (
        ["phases.late.size=[256, 512]"],
        [
            "--set phases.late.size=[256, 512]: phases.late.size: squares are square, "
            "not [256, 512]; use [512] * 2"
        ],
    ),
    "the size of a part that plays": (
        [GROWING, "phases.late.play=generator.coarse", "phases.late.size=[8, 8]"],
        [
            "--set phases.late.size=[8, 8]: phases.late.size: [8, 8] does not suit "
            "generator.coarse.depth: depth 4 halves the picture 4 times, so its sides "
            "must be multiples of 16; the height is 8. Use height 16, or depth <= 3"
        ],
    ),
    "a network that fits no size": (
        [GROWING, "generator.width=9"],
        ["--set generator.width=9: generator.width: width 9 is odd; use 10"],
    ),
    "several at once": (
        ["phases.late.train=[generatr]", "optimizers.generator=null", "generator.depth=9"],
        [
            "r.yaml:1: data.crop: [256, 256] does not suit generator.depth: depth 9 "
            "halves the picture 9 times, so its sides must be multiples of 512; the "
            "height is 256. Use height 512, or depth <= 8",
            "r.yaml:10: optimizers.generator: is missing (how the generator steps); "
            "write generator: {use: NAME, ...} with NAME one of adam",
            "--set phases.late.train=[generatr]: phases.late.train (item 1): there is no "
            "part 'generatr'; did you mean generator?",
        ],
    ),
}


@pytest.mark.parametrize(("changes", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(judge: Callable[..., list[str]], changes: list[str], said: list[str]) -> None:
    assert judge(*changes) == said


GOOD: dict[str, list[str]] = {
    "as it is": [],
    "parts": [
        *(ENCODED, "phases.late.train=[generator.encoder, discriminator, conditions.code]"),
    ],
    "a map that only training needs": [ENCODED],
    "reconstruction": [
        *("discriminator=null", "optimizers.discriminator=null", "losses.gan=null"),
    ],
    "a size of its own": ["phases.late.size=[512, 512]", "phases.late.start={generator: fresh}"],
    "a set that holds together": [
        *("phases.late.set={data.crop: [512, 256], data.narrow: true}",),
    ],
    "a set": ["phases.late.set={data.batch: 2, engine: {device: cpu}, discriminator.layers: 2}"],
    "a loss that another one helps": [
        *("losses.gan={use: steep, form: high}", "losses.help={use: bound}"),
    ],
    "a part plays": [
        *(GROWING, "phases.main.size=[16, 16]", "phases.main.play=generator.coarse"),
        "phases.main.train=[generator.coarse, discriminator]",
    ],
    "a size that only the files know": ["data.crop=null"],
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_what_is_right_passes(judge: Callable[..., list[str]], changes: list[str]) -> None:
    assert judge(*changes) == []


def test_a_recipe_in_python_has_no_places() -> None:
    recipe = Recipe(
        data=SquaresSpec(crop=(256, 256)),
        conditions={"picture": ImageSpec()},
        method=PairedSpec(),
        generator=UNetSpec(),
        losses={"l1": L1Spec()},
        optimizers={},
    )
    with pytest.raises(RecipeError) as caught:
        contracts(recipe, zoo=ZOO)
    assert str(caught.value) == (
        "optimizers.generator: is missing (how the generator steps); "
        "write generator: {use: NAME, ...} with NAME one of adam"
    )


@pytest.mark.parametrize("name", sorted(Zoo.installed().recipes()))
def test_what_ships_passes(name: str) -> None:
    contracts(Recipe.load(name))
