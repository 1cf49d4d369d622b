"""Frozen backbones: what they compute, and that nothing moves them."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gan_zoo.components import ContractError, Image, UserError, pretrained
from gan_zoo_projected import ProjectedSpec
from gan_zoo_projected.backbone import Frozen, Normalize, build_backbone_of, plan_backbone

SMALL: dict[str, Any] = {"backbone": "test_byobnet", "weights": "none", "levels": (2, 3)}


def network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    made = pretrained.build_backbone("test_byobnet", channels_in=3, indices=(1, 2))
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
    return made


def test_it_computes_what_the_network_does_in_evaluation_for_ever() -> None:
    whole, picture = network().eval(), torch.randn(2, 3, 17, 24)
    before = copy.deepcopy(whole.state_dict())
    expected = [feature.detach() for feature in whole(picture)]
    frozen = Frozen(network=whole, name="test_byobnet").train()
    for layer in frozen.modules():  # as a stage sets what learns
        layer.training = True
    for came in (frozen(picture), copy.deepcopy(frozen)(picture)):
        assert all(map(torch.equal, came, expected))
    assert frozen.state_dict().keys() == before.keys()
    assert all(torch.equal(frozen.state_dict()[key], before[key]) for key in before)
    assert list(frozen.parameters()) == []
    assert not any(isinstance(layer, nn.Conv2d | nn.BatchNorm2d) for layer in frozen.modules())
    assert str(frozen) == "Frozen(test_byobnet)"


def test_gradients_go_through_to_the_picture_and_can_be_taken_twice() -> None:
    whole = network().eval().double()
    picture = torch.randn(1, 3, 8, 8, dtype=torch.float64, requires_grad=True)

    def slope(made: list[Tensor]) -> tuple[Tensor, Tensor]:
        total = torch.stack([feature.square().sum() for feature in made]).sum()
        (first,) = torch.autograd.grad(total, picture, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), picture)
        return first, second

    expected = slope(whole(picture))
    came = slope(Frozen(network=whole, name="")(picture))
    assert expected[0].abs().max() > 0
    for ours, theirs in zip(came, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_no_branch_of_a_fresh_one_is_silent() -> None:
    """timm starts the last norm of a residual branch at zero."""
    torch.manual_seed(0)
    usual = timm.create_model("resnet10t", features_only=True)
    scales = [p for name, p in usual.named_parameters() if name.endswith("bn2.weight")]
    assert any(not scale.any() for scale in scales)
    ours = build_backbone_of("resnet10t", (1, 2))
    scales = [m.weight for m in ours.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all((scale == 1).all() for scale in scales)


def test_what_learned_weights_know_of_pictures() -> None:
    normalize = Normalize(mean=(0.5, 0.4, 0.2), deviation=(0.5, 0.25, 0.1))
    [[came]] = normalize(torch.tensor([0.0, -1.0, 1.0]).reshape(1, 3, 1, 1)).flatten(2).mT
    torch.testing.assert_close(came, torch.tensor([0.0, -1.6, 8.0]))
    gray = normalize(torch.tensor([[[[0.0]]]]))
    torch.testing.assert_close(gray.flatten(), torch.tensor([0.0, 0.4, 3.0]))
    assert plan_backbone("resnet18", (2, 3)).mean == (0.485, 0.456, 0.406)
    assert plan_backbone("resnet18", (2, 3)).channels == (64, 128)


def test_a_file_fills_it(tmp_path: Path) -> None:
    torch.manual_seed(7)
    model, path = timm.create_model("test_byobnet"), tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    spec = ProjectedSpec(**{**SMALL, "weights": str(path)})
    assert spec.missing() == spec.notes() == []
    made: Any = spec.build(Image(1), Image(3))
    heads = copy.deepcopy(made.heads.state_dict())
    spec.fetch(made)
    ours = made.backbone.state_dict()
    assert len(ours) > 5
    stored = {key.replace(".", "_"): tensor for key, tensor in model.state_dict().items()}
    assert all(torch.equal(tensor, stored[key.replace(".", "_")]) for key, tensor in ours.items())
    assert all(torch.equal(t, heads[key]) for key, t in made.heads.state_dict().items())
    other = ProjectedSpec(backbone="test_resnet", weights=str(path), levels=(2,))
    with pytest.raises(UserError, match="holds no weights of timm's test_resnet"):
        other.fetch(other.build(Image(1), Image(3)))


def test_what_is_not_at_hand_is_told_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = ProjectedSpec(**{**SMALL, "weights": str(tmp_path / "no.pth")})
    [line] = absent.missing()
    assert line == (
        f"weights: there is no file {tmp_path}/no.pth; give a .safetensors or .pth with the state "
        "dict of timm's test_byobnet. Or set weights to a file, or to none for random ones"
    )
    with pytest.raises(UserError, match=re.escape("no.pth")):
        absent.fetch(absent.build(Image(1), Image(3)))
    monkeypatch.setattr(pretrained, "cached_weights", lambda name: None)
    [line] = ProjectedSpec().missing()
    assert line.startswith("timm's weights of tf_efficientnet_lite0 are not in the cache")
    random = ProjectedSpec(weights="none")
    assert random.missing() == []
    assert random.notes() == [
        "random features: weights none, so tf_efficientnet_lite0 has learned nothing"
    ]


@pytest.mark.parametrize(
    ("backbone", "levels", "told"),
    [
        ("test_convnext", (1, 2), r"level 1 wants features at 1/2 .* Use levels among \[2, 3, 4,"),
        ("vit_tiny_patch16_224", (4,), "Use a convolutional backbone, as resnet18"),
        ("test_vit", (4,), "takes no picture of 65x35: .* Use a convolutional backbone, as resnet"),
    ],
)
def test_what_only_timm_can_tell(backbone: str, levels: tuple[int, ...], told: str) -> None:
    with pytest.raises(ContractError, match=told):
        plan_backbone(backbone, levels)


def test_an_unknown_backbone_is_refused_before() -> None:
    with pytest.raises(ContractError, match="did you mean resnet18") as refused:
        ProjectedSpec(backbone="resnet81").check(Image(3), Image(3))
    assert refused.value.option == "backbone"
