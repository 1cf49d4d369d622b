"""LPIPS, DISTS and DINOv2's features: what torchmetrics and DINOv2's own code say, given the same
weights.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import timm
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.image import dists as their_dists
from torchmetrics.functional.image import lpips as their_lpips
from torchvision import models

from gan_zoo.errors import UserError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing import metrics as kit
from gan_zoo.testing.subject import Subject
from gan_zoo_metrics import published_networks
from gan_zoo_metrics.extra_specs import DISTSSpec, FDDinoV2Spec, LPIPSSpec
from gan_zoo_metrics.published_files import dinov2
from tests.plugins.random_weights import file_of

NETWORKS = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet1_1"}


def features_file(folder: Path, name: str) -> Path:
    """torchvision's layout without the classifier, which is most of the file."""
    path = folder / f"{name}.pth"
    if not path.exists():
        file_of(path, lambda: torch.nn.ModuleDict({"features": models.get_model(name).features}))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def filled(path: Path, name: str) -> Any:
    """torchvision's features with that file's weights."""
    made = torch.nn.ModuleDict({"features": models.get_model(name).features})
    made.load_state_dict(torch.load(path))
    return made["features"]


def pairs(*sizes: tuple[int, int]) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(3)
    found = []
    for size in sizes:
        real = torch.randint(0, 256, (3, *size), generator=generator)
        made = real + torch.randint(-60, 61, real.shape, generator=generator)
        found.append((made.clamp(0, 255).to(torch.uint8), real.to(torch.uint8)))
    return found


def scored(spec: Any, *pictures: tuple[Tensor, Tensor]) -> Any:
    metric = spec.build(kit.context())
    for made, real in pictures:
        metric.update(made, real, SimpleNamespace(name="one"))
    return metric


@pytest.mark.parametrize("net", ["alex", "squeeze", pytest.param("vgg", marks=pytest.mark.slow)])
def test_lpips_is_that_of_torchmetrics(
    folder: Path, net: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = features_file(folder, NETWORKS[net])
    given = pairs((64, 64), (57, 83))
    ours = scored(LPIPSSpec(network=net, weights=str(path)), *given)
    monkeypatch.setattr(
        their_lpips, "_get_tv_model_features", lambda name, pretrained: filled(path, name)
    )
    expected = [
        float(
            their_lpips.learned_perceptual_image_patch_similarity(
                *(x[None].float() / 255 for x in pair), net_type=net, normalize=True
            )
        )
        for pair in given
    ]
    assert ours.values() == pytest.approx(expected, rel=1e-5)
    assert ours.compute() == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert min(expected) > 0.01
    assert ours.protocol().keys() == {"network", "weights", "heads"}
    assert ours.protocol()["network"] == NETWORKS[net]


def test_dists_is_that_of_torchmetrics(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = features_file(folder, "vgg16")
    given = pairs((64, 64), (37, 51))
    ours = scored(DISTSSpec(weights=str(path)), *given)
    monkeypatch.setattr(
        their_dists, "vgg16", lambda weights: SimpleNamespace(features=filled(path, "vgg16"))
    )
    network = their_dists.DISTSNetwork().requires_grad_(False)
    expected = [float(network(*(x[None].float() / 255 for x in pair))) for pair in given]
    assert ours.values() == pytest.approx(expected, rel=1e-4)
    assert min(expected) > 0.01


def test_the_kit_has_no_complaint(folder: Path) -> None:
    spec = LPIPSSpec(network="squeeze", weights=str(features_file(folder, "squeezenet1_1")))
    subject = Subject(LPIPSSpec, Zoo.installed()).around(spec)
    kit.equal_pictures_score_best(subject)
    kit.order_does_not_count(subject)
    kit.accumulators_stand_alone(subject)
    kit.values_are_those_of_the_pictures(subject)


@pytest.mark.parametrize(("net", "least"), [("alex", 31), ("squeeze", 17)])
def test_small_pictures_are_refused(folder: Path, net: Any, least: int) -> None:
    spec = LPIPSSpec(network=net, weights=str(features_file(folder, NETWORKS[net])))
    [fits] = pairs((least, least))
    assert scored(spec, fits).compute() > 0
    told = f"needs pictures of {least} pixels a side or more; one is 64x{least - 1}"
    with pytest.raises(UserError, match=told):
        scored(spec, *pairs((64, least - 1)))


def test_grey_pictures_count_as_equal_channels(folder: Path) -> None:
    spec = LPIPSSpec(network="squeeze", weights=str(features_file(folder, "squeezenet1_1")))
    [(made, real)] = pairs((32, 32))
    grey = made[:1], real[:1]
    three = made[:1].repeat(3, 1, 1), real[:1].repeat(3, 1, 1)
    assert scored(spec, grey).values() == scored(spec, three).values()


def test_other_channels_are_refused(folder: Path) -> None:
    at: Any = SimpleNamespace(maps={"target": SimpleNamespace(channels=4)}, target="target")
    spec = LPIPSSpec(network="squeeze", weights=str(features_file(folder, "squeezenet1_1")))
    with pytest.raises(UserError, match="lpips: the pictures have 4 channels; its network sees"):
        spec.build(at)


def test_who_looks_through_vgg_is_told_of_losses() -> None:
    told = "it flatters a run whose training loss looks through the same network"
    assert LPIPSSpec().notes() == []
    assert LPIPSSpec(network="vgg").notes()[0].startswith(told)
    assert DISTSSpec().notes()[0].startswith(told)


# ---------------------------------------------------------------------------------- DINOv2


def as_published(state: dict[str, Tensor], pictures: Tensor) -> Tensor:
    """DINOv2's class token for normalized pictures `B 3 224 224`, written from its paper and its
    code's numbers: 14 pixels a patch, 64 channels a head, positions resampled by (16 + 0.1) / 37.
    """
    x = functional.conv2d(
        pictures, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], stride=14
    )
    x = torch.cat([state["cls_token"].expand(len(x), -1, -1), x.flatten(2).transpose(1, 2)], 1)
    old = state["pos_embed"]
    side = math.isqrt(old.shape[1] - 1)
    grid = old[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    scale = (16 + 0.1) / side
    grid = functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
    x = x + torch.cat([old[:, :1], grid.permute(0, 2, 3, 1).reshape(1, 256, -1)], 1)
    width = x.shape[-1]

    def norm(x: Tensor, name: str) -> Tensor:
        scale, shift = state[f"{name}.weight"], state[f"{name}.bias"]
        return functional.layer_norm(x, (width,), scale, shift, 1e-6)

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    for index in range(12):
        block = f"blocks.{index}"
        heads = linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv")
        q, k, v = heads.unflatten(-1, (3, width // 64, 64)).permute(2, 0, 3, 1, 4)
        seen = (q @ k.transpose(-1, -2) / 8).softmax(-1) @ v
        seen = linear(seen.transpose(1, 2).flatten(2), f"{block}.attn.proj")
        x = x + state[f"{block}.ls1.gamma"] * seen
        hidden = functional.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1"))
        x = x + state[f"{block}.ls2.gamma"] * linear(hidden, f"{block}.mlp.fc2")
    return norm(x, "norm")[:, 0]


def test_dinov2_sees_what_its_own_code_sees(tmp_path: Path) -> None:
    """A file in the published layout: positions of 518 pixels, a token that masks."""
    path = file_of(
        tmp_path / "vits14.pth",
        lambda: timm.create_model("vit_small_patch14_dinov2", img_size=518, num_classes=0),
    )
    state = torch.load(path)
    assert state["pos_embed"].shape == (1, 1 + 37 * 37, 384)
    torch.save({**state, "mask_token": torch.zeros(1, 384)}, path)
    [(picture, other)] = pairs((224, 224))
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[..., None, None]
    expected = as_published(state, (picture[None].float() / 255 - mean) / deviation)[0]
    model, file = "vit_small_patch14_dinov2", dinov2("vits14", 88)
    found = published_networks.dinov2(model, file, str(path), "cpu").of(picture)
    assert (found - expected).abs().max() < 1e-3 * expected.abs().max()
    spec = FDDinoV2Spec(network="vits14", weights=str(path), allow_small=True)
    metric = scored(spec, (picture, other), (other, picture))
    assert metric.compute() == pytest.approx(0, abs=1e-6)  # the same set
    assert metric.beside() == {"biased_below": 384.0}
    large = FDDinoV2Spec(weights=str(path), allow_small=True)
    with pytest.raises(UserError, match=r"no weights of timm's vit_large_patch14_dinov2: blocks\."):
        scored(large)
