from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.components.learning import InitSpec, OptimizerSpec
from gan_zoo_optimizers import gan_zoo_components
from gan_zoo_optimizers.specs import (
    AdamSpec,
    AdamWSpec,
    KaimingSpec,
    NormalSpec,
    OrthogonalSpec,
    SGDSpec,
    XavierSpec,
)

INITS = [NormalSpec(), XavierSpec(), KaimingSpec(), OrthogonalSpec()]


def named(spec: object) -> str:
    return type(spec).__name__


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(16, 64, 4),
        nn.BatchNorm2d(4096),
        nn.ConvTranspose2d(64, 16, 4),
        nn.Linear(256, 64),
        nn.GroupNorm(2, 4),
        nn.PReLU(),
        nn.Embedding(3, 5),
        nn.BatchNorm2d(3, affine=False),
        nn.Conv2d(3, 3, 1, bias=False),
    )


def test_the_plugin_brings_them() -> None:
    assert [(spec.kind, spec.name) for spec in gan_zoo_components()] == [
        ("optimizer", "adam"),
        ("optimizer", "adamw"),
        ("optimizer", "sgd"),
        ("init", "normal"),
        ("init", "xavier"),
        ("init", "kaiming"),
        ("init", "orthogonal"),
    ]


@pytest.mark.parametrize(
    ("spec", "kind", "expected"),
    [
        (
            AdamSpec(),
            torch.optim.Adam,
            {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 0.0},
        ),
        (
            AdamWSpec(lr=1e-3),
            torch.optim.AdamW,
            {"lr": 1e-3, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 0.01},
        ),
        (
            SGDSpec(momentum=0.9, nesterov=True),
            torch.optim.SGD,
            {"lr": 2e-4, "momentum": 0.9, "nesterov": True, "weight_decay": 0.0},
        ),
    ],
    ids=["adam", "adamw", "sgd"],
)
def test_options_reach_the_optimizer(
    spec: OptimizerSpec, kind: type[torch.optim.Optimizer], expected: dict[str, Any]
) -> None:
    weight = nn.Parameter(torch.ones(2))
    optimizer = spec.build([weight])
    assert type(optimizer) is kind
    assert {key: optimizer.param_groups[0][key] for key in expected} == expected
    weight.grad = torch.ones(2)
    optimizer.step()
    assert (weight < 1).all()


def test_a_list_of_yaml_makes_betas() -> None:
    spec = AdamSpec.model_validate({"lr": 1e-4, "betas": [0, 0.9]})
    assert spec.betas == (0.0, 0.9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"betas": [0.5, 1]}, "less than 1"),
        ({"betas": [-0.1, 0.9]}, "greater than or equal to 0"),
        ({"betas": [0.5]}, "Field required"),
        ({"betas": ["0.5", 0.9]}, "valid number"),
        ({"eps": 0}, "greater than 0"),
        ({"weight_decay": -1}, "greater than or equal to 0"),
        ({"beta1": 0.5}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AdamSpec.model_validate(options)


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(ValidationError, match="nesterov needs momentum above 0"):
        SGDSpec(nesterov=True)


@pytest.mark.parametrize("spec", INITS, ids=named)
def test_every_init_fills_its_layers_and_no_other(spec: InitSpec) -> None:
    torch.manual_seed(0)
    net = network()
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    spec.build()(net)
    after = net.state_dict()
    changed = {key for key in after if not torch.equal(before[key], after[key])}
    assert changed == {
        *("0.weight", "0.bias", "1.weight", "2.weight", "2.bias"),
        *("3.weight", "3.bias", "8.weight"),
    }
    assert not any(after[f"{i}.bias"].any() for i in (0, 1, 2, 3))
    assert after["1.weight"].mean() == pytest.approx(1, abs=2e-3)
    assert after["1.weight"].std() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(
    ("spec", "deviation"),
    [
        (NormalSpec(), 0.02),
        (NormalSpec(gain=0.5), 0.5),
        (XavierSpec(gain=0.02), 0.02 * math.sqrt(2 / (16 * 16 + 64 * 16))),
        (KaimingSpec(), math.sqrt(2 / (16 * 16))),
        (OrthogonalSpec(gain=0.02), 0.02 / math.sqrt(16 * 16)),
    ],
    ids=named,
)
def test_the_published_deviations(spec: InitSpec, deviation: float) -> None:
    torch.manual_seed(0)
    net = network()
    spec.build()(net)
    weight = net[0].get_parameter("weight")
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert abs(weight.mean().item()) < deviation / 20


def test_orthogonal_is_orthogonal() -> None:
    torch.manual_seed(0)
    net = network()
    OrthogonalSpec(gain=0.5).build()(net)
    rows = net[0].get_parameter("weight").flatten(1)
    torch.testing.assert_close(rows @ rows.T, 0.25 * torch.eye(64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("index", [0, 2, 3])
def test_framework_biases_are_drawn_as_the_framework_does(index: int) -> None:
    torch.manual_seed(0)
    net = network()
    theirs = net[index].get_parameter("bias").detach().clone()
    nn.init.constant_(net[index].get_parameter("bias"), 9)
    NormalSpec(bias="framework").build()(net)
    ours = net[index].get_parameter("bias").detach()
    bound = 1 / math.sqrt(net[index].get_parameter("weight")[0].numel())
    for drawn in (ours, theirs):
        assert 0.8 * bound < drawn.abs().max() <= bound
    assert not net[1].get_parameter("bias").any()  # batch norm's shift is zero either way


@pytest.mark.parametrize("spec", INITS, ids=named)
def test_the_seed_decides(spec: InitSpec) -> None:
    first, second = network(), network()
    for net in (first, second):
        torch.manual_seed(7)
        spec.build()(net)
    assert all(
        torch.equal(first.get_parameter(key), second.get_parameter(key))
        for key in ("0.weight", "1.weight", "2.weight", "3.weight")
    )


@pytest.mark.parametrize("spec", INITS, ids=named)
def test_nothing_happens_on_the_meta_device(spec: InitSpec) -> None:
    with torch.device("meta"):
        net = network()
    spec.build()(net)
    assert all(parameter.is_meta and parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize("spec", INITS, ids=named)
def test_spectral_norm_does_not_hide_the_weight(spec: InitSpec) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 4, 3)
    before = layer.weight.detach().clone()
    spectral_norm(layer)
    spec.build()(layer)
    learned = layer.get_parameter("parametrizations.weight.original")
    assert not torch.equal(learned, before)


def test_what_was_filled_still_learns() -> None:
    net = network()
    NormalSpec().build()(net)
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert all(parameter.is_leaf for parameter in net.parameters())
