from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import Any

import pytest
import timm
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torchvision import models

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.learning import LossSpec
from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing.fixtures import batch_of, recipe_around
from gan_zoo.testing.stand_ins import PicturesSpec
from gan_zoo_losses.feature_specs import PerceptualSpec
from gan_zoo_losses.specs import L1Spec
from tests.plugins.acted import pictures, scene

PAIRED: Any = Zoo.installed().get("method", "paired")
SMALL = {"network": "test_byobnet", "levels": (1, 2)}
TAPS = {"vgg19": (1, 6, 11, 20, 29), "vgg16": (1, 6, 11, 18, 25)}  # REFERENCE 2.7, torchvision


def built(dtype: torch.dtype = torch.float64, **options: Any) -> Any:
    """The loss as a run has it, with weights that follow from a seed."""
    spec = PerceptualSpec(**{"weights": "none", **options})
    torch.manual_seed(0)
    loss: Any = spec.build()
    spec.fetch(loss)
    return loss.to(dtype)


def term(loss: Any, fake: Tensor, real: Tensor) -> Tensor:
    (said,) = loss(scene(fake=fake, real=real), "generator")
    assert said.label == "G_VGG"
    assert said.factor == 1
    value: Tensor = said.value
    return value


def slices(name: str, loss: Any) -> nn.Sequential:
    """torchvision's own features, with the weights of the loss."""
    with torch.device("meta"):
        features = models.get_model(name, init_weights=False).features
    ours = loss.network.features.state_dict()
    whole: nn.Sequential = features[: len(loss.network.features)].to_empty(device="cpu").double()
    whole.load_state_dict(ours)
    for layer in whole:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    return whole


# ---------------------------------------------------------------------------------- what it is


@pytest.mark.parametrize("name", TAPS)
def test_the_published_sum_over_a_slice_of_torchvision(name: str) -> None:
    loss = built(network=name, weight=3.0)
    layers, fake, real = slices(name, loss), pictures(1, 3, 32, 16), pictures(1, 3, 32, 16, seed=1)
    expected, x, y = 0.0, fake, real
    factors = dict(zip(TAPS[name], (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), strict=True))
    with torch.no_grad():
        for index, layer in enumerate(layers):
            x, y = layer(x), layer(y)
            if index in factors:
                expected += factors[index] * (x - y).abs().mean().item()
        assert index == max(factors)
        assert term(loss, fake, real).item() == pytest.approx(3 * expected, rel=1e-12)
    assert list(loss(scene(fake=fake, real=real), "discriminator")) == []


def test_chosen_levels_keep_their_factors_and_end_the_network_there() -> None:
    fake, real = pictures(1, 3, 16, 16), pictures(1, 3, 16, 16, seed=1)
    whole, some = built(levels=(1, 3)), built(levels=(1, 3), factors=(0.5, 2))
    assert len(whole.network.features) == 12
    with torch.no_grad():
        ours, theirs = whole.features(fake), whole.features(real)
        means = [(a - b).abs().mean().item() for a, b in zip(ours, theirs, strict=True)]
        assert [feature.shape[1:] for feature in ours] == [(64, 16, 16), (256, 4, 4)]
        assert term(whole, fake, real).item() == pytest.approx(
            10 * (means[0] / 32 + means[1] / 8), rel=1e-12
        )
        assert term(some, fake, real).item() == pytest.approx(
            10 * (means[0] / 2 + means[1] * 2), rel=1e-12
        )


def test_a_backbone_of_timm_by_hand() -> None:
    loss = built(**{**SMALL, "levels": None}, weight=1.0)
    fake, real = pictures(2, 3, 64, 32), pictures(2, 3, 64, 32, seed=1)
    torch.manual_seed(0)
    network = timm.create_model("test_byobnet", features_only=True).double().eval()
    with torch.no_grad():
        means = [(a - b).abs().mean() for a, b in zip(network(fake), network(real), strict=True)]
        expected = sum(
            f * m.item() for f, m in zip((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), means, strict=True)
        )
        assert term(loss, fake, real).item() == pytest.approx(expected, rel=1e-12)


def test_input_imagenet_is_what_the_weights_know() -> None:
    x = pictures(1, 3, 8, 8)
    mean, deviation = torch.tensor(((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))).double()
    raw, normal = built(levels=(1,)), built(levels=(1,), input="imagenet")
    seen = ((x + 1) / 2 - mean[:, None, None]) / deviation[:, None, None]
    (ours,), (expected,) = normal.features(x), raw.features(seen)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(ours, raw.features(x)[0])


def test_one_channel_is_gray() -> None:
    loss, gray = built(**SMALL), pictures(1, 1, 16, 16)
    for ours, theirs in zip(
        loss.features(gray), loss.features(gray.repeat(1, 3, 1, 1)), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_it_has_the_slope_of_finite_differences() -> None:
    loss, real = built(levels=(1, 2), weight=1.0), pictures(1, 1, 3, 2)
    fake = pictures(1, 1, 3, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: term(loss, x, real), (fake,), atol=1e-4)


# ---------------------------------------------------------------------------------- it is fixed


def test_it_never_learns_and_stays_in_evaluation() -> None:
    loss = built(**SMALL)
    loss.train()
    assert not any(module.training for module in loss.modules())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    before = {key: tensor.clone() for key, tensor in loss.state_dict().items()}
    fake = pictures(2, 3, 16, 16).requires_grad_()
    real = pictures(2, 3, 16, 16, seed=1).requires_grad_()
    term(loss, fake, real).backward()
    assert fake.grad is not None
    assert fake.grad.abs().sum() > 0
    assert real.grad is None  # the target has no graph
    assert all(torch.equal(before[key], tensor) for key, tensor in loss.state_dict().items())


def recipe(spec: LossSpec, name: str = "content", **more: Any) -> Recipe:
    return recipe_around(PAIRED(), {"gan": gan(), name: spec}, PicturesSpec(batch=2), **more)


def gan() -> LossSpec:
    return Zoo.installed().get("loss", "adversarial")()  # type: ignore[return-value]


def test_random_features_follow_from_the_seed_and_move_no_other_network() -> None:
    spec = PerceptualSpec(**SMALL, weights="none")

    def made(seed: int = 0, name: str = "content") -> dict[str, Tensor]:
        loss: Any = assemble(recipe(spec, name, seed=seed)).losses[name]
        return dict(loss.state_dict())

    first, again, seeded, named = made(), made(), made(seed=1), made(name="other")
    key = next(k for k in first if k.endswith("conv.weight"))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first[key], seeded[key])
    assert not torch.equal(first[key], named[key])
    alone = assemble(recipe(L1Spec())).networks
    beside = assemble(recipe(spec)).networks
    for name, network in alone.items():
        theirs = beside[name].state_dict()
        assert all(torch.equal(t, theirs[k]) for k, t in network.state_dict().items())


@pytest.mark.parametrize(
    ("precision", "layout"),
    [("float32", "channels_last"), ("bfloat16", "contiguous"), ("float16", "channels_last")],
)
def test_it_trains_in_every_precision(precision: str, layout: Any) -> None:
    assembly = assemble(recipe(PerceptualSpec(**SMALL, weights="none")))
    runner = PhaseRunner(assembly, "main", Precision(torch.device("cpu"), precision, layout))
    runner.begin()
    learned = {id(p) for player in runner.players.values() for p in player.learns.values()}
    loss: Any = assembly.losses["content"]
    assert not learned & {id(p) for p in loss.parameters()}
    shown = runner.step([batch_of(assembly.recipe.data, 2)]).numbers()
    exact = PhaseRunner(
        assemble(assembly.recipe), "main", Precision(torch.device("cpu"), "float32", "contiguous")
    )
    expected = exact.step([batch_of(assembly.recipe.data, 2)]).numbers()
    close = {"float32": 1e-5, "bfloat16": 3e-2, "float16": 1e-2}[precision]
    assert shown["G_VGG"] == pytest.approx(expected["G_VGG"], rel=close)


def test_the_network_computes_in_the_run_s_precision_and_the_distance_in_full() -> None:
    loss = built(torch.float32, **SMALL)
    seen: list[torch.dtype] = []
    loss.network.register_forward_hook(lambda *call: seen.extend(f.dtype for f in call[2]))
    given = scene(fake=pictures(1, 3, 16, 16).float(), real=pictures(1, 3, 16, 16, seed=1).float())

    @contextmanager
    def autocast() -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            yield

    given.autocast = autocast
    (said,) = loss(given.view({}), "generator")
    assert set(seen) == {torch.bfloat16}
    assert said.value.dtype == torch.float32


@pytest.mark.parametrize("options", [SMALL, {"network": "vgg16", "levels": (1, 2)}], ids=str)
def test_a_rehearsal_counts_it(options: dict[str, Any]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    made = recipe(PerceptualSpec(**options, weights="none"))
    (found,), (without,) = rehearse(made), rehearse(recipe(L1Spec()))
    runner = PhaseRunner(
        assemble(made), "main", Precision(torch.device("cpu"), "float32", "contiguous")
    )
    runner.begin()
    with FlopCounterMode(display=False) as counted:
        runner.step([batch_of(made.data, 2)])
    assert found.flop == counted.get_total_flops() > without.flop
    loss: Any = runner.losses["content"]
    fixed = sum(p.numel() * 4 for p in loss.parameters())
    assert found.peak_bytes > without.peak_bytes + fixed
    assert found.learning == without.learning


# ---------------------------------------------------------------------------------- contracts


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"levels": (2, 1)}, "name each once, in rising order"),
        ({"levels": (1, 1)}, "name each once, in rising order"),
        ({"levels": (6,)}, "level 6 came; vgg19 has 5, relu1_1 to relu5_1"),
        ({"factors": (1.0, 2.0)}, "2 factors came, one for each level; 5 are expected"),
        ({**SMALL, "factors": (1.0,)}, "1 factors came, one for each level; 2 are expected"),
        ({"network": "test_byobnet", "factors": (1.0,)}, "say which levels they are of"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        PerceptualSpec(**options)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"losses.content.network": "vgg91"},
            r"losses\.content\.network: timm has no model 'vgg91'; did you mean vgg",
        ),
        (
            {"data.load": None, "data.crop": [8, 8], "losses.content.levels": [5]},
            r"losses\.content\.levels: level 5 of vgg19 is at 1/16 of the sides, and a picture of "
            "8x8 has none; leave out the deepest levels",
        ),
        (
            {"data.target": 4, "losses.content.weights": "none"},
            r"losses\.content: vgg19 sees RGB, or gray as such, and the picture has 4 channels",
        ),
    ],
)
def test_what_a_recipe_can_tell_is_told_with_its_place(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        contracts(Recipe.load("pix2pix", set={"losses.content.use": "perceptual", **changes}))


@pytest.mark.parametrize(
    ("options", "option", "told"),
    [
        (
            {**SMALL, "levels": (1, 6)},
            "levels",
            "level 6 came; timm's test_byobnet has 5: 1 at 1/2",
        ),
        ({"network": "vit_tiny_patch16_224", "levels": (1,)}, "network", "Use a convolutional"),
    ],
)
def test_what_only_timm_can_tell(options: dict[str, Any], option: str, told: str) -> None:
    spec = PerceptualSpec(**options, weights="none")
    with pytest.raises(ContractError) as refused:
        spec.build()
    assert told in str(refused.value)
    assert refused.value.option == option
    with pytest.raises(UserError, match=rf"losses\.content\.{option}: "):
        assemble(recipe(spec))


def test_a_picture_too_small_for_a_size_that_only_the_data_knows() -> None:
    with pytest.raises(UserError, match="a picture of 8x64 is too small to be halved 4 times"):
        built().features(pictures(1, 3, 8, 64))


def test_options_need_neither_torch_nor_timm() -> None:
    code = (
        "import sys; from gan_zoo_losses.feature_specs import PerceptualSpec as P; "
        "P(network='test_byobnet', weights='gone.pth').missing(); P(weights='none').notes(); "
        "P().missing(); "
        "assert not {'timm', 'torch', 'torchvision'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_assembly_has_no_room_for_fixed_weights_in_checkpoints() -> None:
    assembly: Assembly = assemble(recipe(PerceptualSpec(**SMALL, weights="none")))
    assert list(assembly.networks) == ["generator", "discriminator"]
