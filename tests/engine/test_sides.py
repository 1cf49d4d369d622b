"""A method of several games side by side: networks of one section, sides of a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.interfaces import Method
from gan_zoo.components.learning import LossSpec, MethodSpec, Network, Parts, Wiring
from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.player import Player
from gan_zoo.engine.playing import playing
from gan_zoo.engine.turns import Turn
from gan_zoo.errors import UserError
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.phase_words import phase_words
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from tests.engine.conftest import Player as Played

Make = Callable[..., Recipe]

TWINS = ("generator.left", "generator.right")


class TwinsSpec(MethodSpec, name="twins"):
    """Two generators of one section, which learn from the same pictures and know nothing of each
    other; the right one translates, what it is given is the target.
    """

    def wire(self, parts: Parts) -> Wiring:
        """Target -> target, twice."""
        maps = parts.data.maps(parts.size)
        shape = maps["target"]
        networks = [Network(name, "generator", parts.generator, shape, shape) for name in TWINS]
        offers = {"generator": frozenset({"fake", "real", "step"})}
        return Wiring(maps, maps, tuple(networks[::-1]), offers, "source", ("target",))

    def build(self, parts: Parts) -> Method:
        """The game."""
        return Twins()


class Twins:
    output = "fake"

    def scene(self, cast: Cast, maps: Mapping[str, Tensor]) -> Scene:
        def fake(name: str) -> Callable[[Scene], Tensor]:
            return lambda scene: cast.play(name, scene["target"])

        self.fake = fake
        return Scene(
            {
                "target": lambda scene: maps["target"],
                "real": lambda scene: maps["target"],
                "step": lambda scene: cast.step,
                "fake": fake(TWINS[1]),
            }
        )

    def step(self, scenes: Sequence[Scene], turn: Callable[[str], Turn]) -> None:
        with turn("generator") as forward:
            for scene in scenes:
                for name in TWINS:
                    forward.learn(scene.view({"fake": self.fake(name)}, name[10:]))


@pytest.fixture
def twins(tiny: Make) -> Make:
    """A recipe of twins; its data is there only by its shapes."""

    def make(**changes: Any) -> Recipe:
        inference = {"dropout": False, "norm": "running"}
        recipe = tiny({"discriminator": None, "losses.gan": None, "inference": inference})
        optimizers = {"generator": recipe.optimizers["generator"]}
        phases = {"only": recipe.phases["only"].model_copy(update=changes)}
        made = {"method": TwinsSpec(), "optimizers": optimizers, "phases": phases}
        return recipe.model_copy(update=made)

    return make


def moved(recipe: Recipe) -> set[str]:
    """The networks that a step moves, and the modules in them."""
    played = Played(recipe)
    before = {
        name: {key: tensor.clone() for key, tensor in module.named_parameters()}
        for name, module in played.assembly.networks.items()
    }
    played.enter("only")
    terms = played.step(seed=0)
    assert set(terms) == {"G_L1_left", "G_L1_right"}
    return {
        f"{name}.{key.partition('.')[0]}"
        for name, module in played.assembly.networks.items()
        for key, tensor in module.named_parameters()
        if not torch.equal(tensor, before[name][key])
    }


def test_a_section_names_all_its_networks(twins: Make) -> None:
    recipe = twins()
    assembly = assemble(recipe)
    left, right = (assembly.networks[name] for name in TWINS)
    assert assembly.parts("generator") == [right, left]
    assert assembly.parts("generator.left") == [left]
    encoders = [module.get_submodule("encoder") for module in (right, left)]
    assert assembly.parts("generator.encoder") == encoders
    assert assembly.parts("generator.left.encoder") == encoders[1:]
    known = phase_words(recipe, assembly.wiring)
    assert {"generator", *TWINS, "generator.encoder", "generator.left.encoder"} <= {*known.train}
    assert known.play == ("generator",)
    networks, _ = playing(assembly, WiredRecipe(recipe).phase("only"))
    assert networks == {TWINS[1]: right, TWINS[0]: left}


@pytest.mark.parametrize(
    ("train", "moves"),
    [
        (None, {f"{name}.{part}" for name in TWINS for part in ("encoder", "decoder")}),
        (("generator.left",), {"generator.left.encoder", "generator.left.decoder"}),
        (("generator.encoder",), {"generator.left.encoder", "generator.right.encoder"}),
        (("generator.right.decoder",), {"generator.right.decoder"}),
    ],
)
def test_what_a_phase_trains_learns_on_its_side(
    twins: Make, train: tuple[str, ...] | None, moves: set[str]
) -> None:
    recipe = twins(train=train)
    contracts(recipe, zoo=_zoo())
    assert moved(recipe) == moves


@pytest.mark.parametrize("asked", ["generator", "generator.left"])
def test_networks_are_computed_anew_by_section_and_by_name(twins: Make, asked: str) -> None:
    recipe = twins()
    engine = recipe.engine.model_copy(update={"recompute": (asked,)})
    recipe = recipe.model_copy(update={"engine": engine})
    contracts(recipe, zoo=_zoo())
    played = Played(recipe)
    played.enter("only")
    anew = {
        name
        for name, module in played.assembly.networks.items()
        if any("forward" in vars(layer) for layer in module.modules())
    }
    assert anew == ({*TWINS} if asked == "generator" else {asked})


def test_mistakes_stand_in_the_section_and_are_said_once(twins: Make) -> None:
    recipe = twins(size=(18, 18))
    with pytest.raises(RecipeError) as told:
        contracts(recipe, zoo=_zoo())
    assert str(told.value).count("does not suit generator.depth") == 1


def test_a_method_says_what_a_translation_is_made_of(twins: Make) -> None:
    recipe = twins()
    contracts(recipe, zoo=_zoo())  # the condition's `source` is what is learned, and not asked for
    played = Played(recipe)
    phase = WiredRecipe(recipe).phase("only")
    translator = Translator(phase, played.enter("only").cast, played.assembly.method)
    assert (translator.inputs, translator.target) == (["target"], "source")
    picture = torch.rand(3, 16, 16) * 2 - 1
    made = translator(picture)
    right = played.assembly.networks[TWINS[1]].eval()
    assert made.shape == (3, 16, 16)
    assert not torch.equal(made, picture)
    with torch.no_grad():
        torch.testing.assert_close(made, right(picture[None])[0])


def test_sides_are_told_apart_and_micro_batches_are_not() -> None:
    ledger = Ledger()
    weight = nn.Parameter(torch.ones(()))
    player = Player("generator", {"w": weight}, torch.optim.SGD([weight], lr=0.1))

    def loss(scene: Scene, player: str) -> Iterator[Term]:
        yield Term("G", weight * scene["value"])

    turn = Turn(player, {"loss": loss}, ledger)
    with turn:
        for value in (1.0, 3.0):
            scene = Scene({"value": lambda scene, value=value: torch.tensor(value)})
            scene.share = 0.5
            for side, times in (("A", 1), ("B", 10)):
                seen = scene.view({"value": lambda mine, n=times, s=scene: n * s["value"]}, side)
                assert seen.view({}).label_of("G") == f"G_{side}"  # a view of it is of its side
                turn.learn(seen)
    assert ledger.numbers() == pytest.approx({"G_A": 2.0, "G_B": 20.0})
    assert weight.item() == pytest.approx(1 - 0.1 * 22)
    assert Scene({}).label_of("G") == "G"


def test_only_of_several_sides_may_one_teach_nothing() -> None:
    weight = nn.Parameter(torch.ones(()))
    player = Player("generator", {"w": weight}, torch.optim.SGD([weight], lr=0.1))

    def loss(scene: Scene, player: str) -> Iterator[Term]:
        yield Term("G", weight * 2 if scene.side == "B" else torch.ones(()))

    with Turn(player, {"loss": loss}, Ledger()) as turn:
        for side in ("A", "B"):
            turn.learn(Scene({}).view({}, side))
    assert weight.item() == pytest.approx(1 - 0.1 * 2)
    turn = Turn(player, {"loss": loss}, Ledger())
    with pytest.raises(UserError, match="no loss of the generator reaches"), turn:
        turn.learn(Scene({}).view({}, "A"))


def test_data_without_pairs_is_not_compared(tiny: Make) -> None:
    recipe = tiny()

    class LooseSpec(type(recipe.data), name="loose"):  # type: ignore[misc]
        """The same data, where nothing belongs together."""

        paired = False

    loose = recipe.model_copy(update={"data": LooseSpec(**dict(recipe.data))})
    with pytest.raises(RecipeError, match="paired learns from inputs with their targets"):
        contracts(loose)
    scored = Recipe.load("quickstart").validation
    twins = loose.model_copy(update={"method": TwinsSpec(), "validation": scored})
    with pytest.raises(RecipeError, match="validation: loose pairs no picture with the target"):
        contracts(twins, zoo=_zoo())


def _zoo() -> Zoo:
    zoo = Zoo.installed()
    return Zoo([*zoo.plugins, Plugin("tested", "tested", "0", (TwinsSpec,))])


def test_a_loss_s_own_words_come_before_the_names_that_it_lacks(tiny: Make) -> None:
    recipe = tiny()

    class ChoosySpec(LossSpec, name="choosy"):
        """It lacks a name, and knows why."""

        def needs(self) -> Mapping[str, frozenset[str]]:
            return {"generator": frozenset({"moon"})}

        def check(self, parts: Parts, wiring: Wiring) -> None:
            from gan_zoo.errors import ContractError

            raise ContractError("the moon is not up")

        def build(self) -> Any:
            raise AssertionError

    with pytest.raises(RecipeError, match=r"losses\.l1: the moon is not up"):
        contracts(recipe.model_copy(update={"losses": {**recipe.losses, "l1": ChoosySpec()}}))
