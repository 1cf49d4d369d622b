from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from gan_zoo.components import backbones, pretrained
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo_generators import timm_models
from gan_zoo_generators.unet_specs import TimmUNetSpec
from tests.plugins.networks import learns_alike, on_meta

SMALL = "test_byobnet"
HUB = "models--timm--test_byobnet.r160_in1k"


def small(**options: Any) -> TimmUNetSpec:
    return TimmUNetSpec(**{"backbone": SMALL, "levels": 3, "width": 2, **options})


def recipe(**options: Any) -> Recipe:
    generator = {"use": "unet_timm", "backbone": SMALL, "levels": 3, "width": 2, **options}
    changes = {"generator": generator, "callbacks.previews": None, "data.workers": 0}
    return Recipe.load("pix2pix", set={**changes, "data.crop": [32, 32], "data.load": None})


def encoder(network: nn.Module) -> dict[str, Tensor]:
    """The backbone's tensors under the names that they have in the whole model."""
    own = network.get_submodule("encoder.backbone").state_dict()
    return {key.replace("stages_", "stages."): tensor for key, tensor in own.items()}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a whole model, its classifier included, as timm would publish it."""
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file(timm.create_model(SMALL).state_dict(), path)
    return path


# ---------------------------------------------------------------------------------- names


def test_the_names_are_those_that_timm_registers() -> None:
    assert backbones.model_names() == set(timm.list_models())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("resnet81", "timm has no model 'resnet81'; did you mean resnet18 or"),
        ("convnext_tiyn", "timm has no model 'convnext_tiyn'; did you mean convnext_tiny"),
        ("hf-hub:a/b", "timm has no model 'hf-hub:a/b'; resnet18 is one."),
    ],
)
def test_an_unknown_backbone_is_refused_with_near_misses(name: str, hint: str) -> None:
    with pytest.raises(ContractError) as refused:
        TimmUNetSpec(backbone=name).check(Image(3), Image(3))
    assert str(refused.value).startswith(hint)
    assert "timm.list_models()" in str(refused.value)
    assert refused.value.option == "backbone"


def test_the_contract_imports_neither_timm_nor_torch() -> None:
    code = (
        "import sys; from gan_zoo.components import Image; "
        "from gan_zoo_generators.unet_specs import TimmUNetSpec; spec = TimmUNetSpec(); "
        "spec.check(Image(3, 64, 64), Image(3, 64, 64)); spec.missing(); spec.multiple(); "
        "assert not {'timm', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("backbone", "levels"),
    [
        *((SMALL, levels) for levels in (1, 2, 3, 4, 5)),
        ("resnet18", 5),
        ("resnet18", 2),
        ("convnext_atto", 4),  # it begins at 1/4: no features at 1/2
        ("vgg11_bn", 3),  # and this one at 1/1
        ("mobilenetv3_small_050", 5),
    ],
)
def test_the_picture_is_as_large_as_the_condition(backbone: str, levels: int) -> None:
    spec = TimmUNetSpec(backbone=backbone, levels=levels, width=2)
    assert spec.multiple() == 2**levels
    network = on_meta(spec, 5, 2)
    made = network(torch.empty(2, 5, 3 * 2**levels, 2**levels, device="meta"))
    assert made.shape == (2, 2, 3 * 2**levels, 2**levels)


def test_what_lies_deeper_than_the_levels_is_not_built() -> None:
    sizes = [
        sum(
            p.numel() for p in on_meta(TimmUNetSpec(levels=n)).get_submodule("encoder").parameters()
        )
        for n in (1, 3, 5)
    ]
    # conv1 with its norm; with two of the four stages; the whole but its classifier
    assert sizes == [9_408 + 128, 683_072, 11_176_512]


@pytest.mark.parametrize(
    ("options", "option", "told"),
    [
        ({"backbone": "convnext_atto", "levels": 1}, "levels", "Use levels 2 or 3 or 4 or 5"),
        (
            {"backbone": "mobilenetv3_small_050", "levels": 3},
            "levels",
            "leaves deeper layers of timm's mobilenetv3_small_050 without use",
        ),
        ({"backbone": "vit_tiny_patch16_224", "levels": 4}, "backbone", "resnet18"),
        ({"backbone": "vit_tiny_patch16_224"}, "levels", "Use a convolutional backbone"),
        ({"backbone": "mambaout_femto"}, "backbone", "are expected"),  # channels last
        ({"backbone": "resnet18.no_such_tag"}, "backbone", "gives no features: Invalid pretrained"),
    ],
)
def test_what_only_timm_can_tell_is_told_before_a_weight_is_allocated(
    options: dict[str, Any], option: str, told: str
) -> None:
    with pytest.raises(ContractError) as refused:
        on_meta(TimmUNetSpec(**options))
    assert told in str(refused.value)
    assert refused.value.option == option
    with pytest.raises(UserError, match=rf"generator\.{option}: "), torch.device("meta"):
        assemble(recipe(**options), weights=False)


def test_the_finest_skip_is_the_condition() -> None:
    torch.manual_seed(0)
    network = small(norm="none").build(Image(3), Image(3)).eval()
    with torch.no_grad():
        for parameter in network.get_submodule("encoder").parameters():
            parameter.zero_()
    one, other = network(torch.randn(1, 3, 16, 16)), network(torch.randn(1, 3, 16, 16))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm": "instance", "upsampling": "transposed"},
        {"norm": "group", "upsampling": "pixel_shuffle", "padding": "reflect"},
        {"norm": "none", "upsampling": "bilinear", "padding": "replicate"},
    ],
)
def test_it_learns_the_same_in_both_memory_formats(options: dict[str, Any], batch: int) -> None:
    learns_alike(small(**options), batch, 32, 24)


def test_first_weights_do_not_depend_on_what_was_looked_at_before() -> None:
    def built() -> dict[str, Tensor]:
        torch.manual_seed(0)
        return small().build(Image(4), Image(3)).state_dict()

    timm_models.plan_backbone.cache_clear()
    first, again = built(), built()
    assert all(torch.equal(first[key], again[key]) for key in first)


# ---------------------------------------------------------------------------------- weights


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_fills_the_backbone_after_the_init(
    published: Path, tmp_path: Path, suffix: str
) -> None:
    stored = pretrained.read_weights(published)
    path = published
    if suffix == ".pth":
        path = tmp_path / "model.pth"
        torch.save({"epoch": 3, "state_dict": stored}, path)
    made = assemble(recipe(weights=str(path))).networks["generator"]
    ours = encoder(made)
    assert len(ours) > 20
    assert all(torch.equal(ours[key], stored[key]) for key in ours)
    fresh = assemble(recipe(weights=str(path)), weights=False).networks["generator"]
    key = "stem.conv.weight"
    assert not torch.equal(encoder(fresh)[key], stored[key])
    decoder = "decoder.head.weight"  # of the recipe's init in both
    assert torch.equal(
        made.state_dict()[decoder], assemble(recipe()).networks["generator"].state_dict()[decoder]
    )


@pytest.mark.parametrize("channels", [1, 5])
def test_the_first_weights_are_adapted_to_other_channels(published: Path, channels: int) -> None:
    spec = small(weights=str(published))
    network = spec.build(Image(channels), Image(3))
    spec.fetch(network)
    stored = pretrained.read_weights(published)["stem.conv.weight"]
    ours = encoder(network)["stem.conv.weight"]
    assert ours.shape[1] == channels
    if channels == 1:
        torch.testing.assert_close(ours, stored.sum(dim=1, keepdim=True))
    else:
        torch.testing.assert_close(ours[:, 3] / ours[:, 4], stored[:, 0] / stored[:, 1])


def test_only_what_is_pretrained_on_rgb_is_converted(published: Path) -> None:
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    seen = (
        small(weights=str(published)).build(Image(3), Image(3)).get_submodule("encoder.normalize")
    )
    expected = ((x + 1) / 2 - mean[:, None, None]) / deviation[:, None, None]
    torch.testing.assert_close(seen(x), expected)
    for spec, channels in ((small(), 3), (small(weights=str(published)), 5)):
        network = spec.build(Image(channels), Image(3))
        assert isinstance(network.get_submodule("encoder.normalize"), nn.Identity)


def test_fresh_ones_need_nothing_and_fetch_nothing() -> None:
    spec = small()
    network = spec.build(Image(3), Image(3))
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    spec.fetch(network)
    assert spec.missing() == []
    assert all(torch.equal(before[key], tensor) for key, tensor in network.state_dict().items())


def test_an_absent_file_is_needed_before_a_run(tmp_path: Path) -> None:
    spec = small(weights=str(tmp_path / "gone.pth"))
    [line] = spec.missing()
    assert f"there is no file {tmp_path / 'gone.pth'}" in line
    with pytest.raises(UserError, match=r"there is no file .*gone\.pth"):
        spec.fetch(spec.build(Image(3), Image(3)))


def test_timm_s_own_weights_come_from_the_cache_and_from_nowhere_else(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    spec = small(weights="imagenet")
    [line] = spec.missing()
    assert f"timm.create_model('{SMALL}', pretrained=True)" in line
    with pytest.raises(UserError, match="not in the cache of this machine"):
        spec.fetch(spec.build(Image(3), Image(3)))

    snapshot = tmp_path / HUB / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (tmp_path / HUB / "refs").mkdir()
    (tmp_path / HUB / "refs" / "main").write_text("abc")
    (snapshot / "model.safetensors").write_bytes(published.read_bytes())
    assert spec.missing() == []
    network = spec.build(Image(3), Image(3))
    spec.fetch(network)
    stored = pretrained.read_weights(published)
    assert all(torch.equal(tensor, stored[key]) for key, tensor in encoder(network).items())


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (b"torn", "is damaged, or no checkpoint"),
        ({"weights": Path("an object")}, r"holds code or objects \(pathlib"),
        ([1, 2], "holds a list; a state dict was expected"),
        ({"stem.conv.weight": torch.zeros(1)}, r"holds no weights of timm's test_byobnet: .* is m"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path, held: Any, told: str) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(held) if isinstance(held, bytes) else torch.save(held, path)
    spec = small(weights=str(path))
    network = spec.build(Image(3), Image(3))
    with pytest.raises(UserError, match=told) as refused:
        spec.fetch(network)
    assert str(path) in str(refused.value)


def test_another_model_s_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(timm.create_model("test_efficientnet").state_dict(), path)
    spec = small(weights=str(path))
    with pytest.raises(UserError, match=r"Give the state_dict\(\) of timm"):
        spec.fetch(spec.build(Image(3), Image(3)))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("stem.conv.weight", "stem.conv.weight is missing (1 tensors are missing, 0 of another"),
        ("stem.bn.weight", "stem.bn.weight is missing"),
    ],
)
def test_nothing_that_the_file_lacks_stays_fresh(
    published: Path, tmp_path: Path, key: str, told: str
) -> None:
    stored = pretrained.read_weights(published)
    del stored[key]
    path = tmp_path / "model.safetensors"
    save_file(stored, path)
    spec = small(weights=str(path))
    with pytest.raises(UserError) as refused:
        spec.fetch(spec.build(Image(3), Image(3)))
    assert told in str(refused.value)


def test_a_file_without_the_classifier_will_do(published: Path, tmp_path: Path) -> None:
    stored = pretrained.read_weights(published)
    path = tmp_path / "model.safetensors"
    save_file({key: t for key, t in stored.items() if not key.startswith("head.")}, path)
    spec = small(weights=str(path))
    network = spec.build(Image(3), Image(3))
    spec.fetch(network)
    assert torch.equal(encoder(network)["stem.conv.weight"], stored["stem.conv.weight"])


def test_a_tag_without_weights_is_missing() -> None:
    [line] = small(backbone=f"{SMALL}.no_such_tag", weights="imagenet").missing()
    assert "are not in the cache of this machine" in line


def test_a_resumed_run_does_not_ask_for_the_file_again(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_zoo.training.run import resume, train

    file = tmp_path / "model.safetensors"
    file.write_bytes(published.read_bytes())
    generator = {"use": "unet_timm", "backbone": SMALL, "levels": 2, "width": 2}
    made = Recipe.load(
        "quickstart",
        set={
            "generator": {**generator, "weights": str(file)},
            "phases": {"main": {"epochs": None, "steps": 4, "schedule": None}},
            "callbacks": None,
            "validation": None,
            "data.workers": 0,
            "engine.device": "cpu",
        },
    )
    train(made, tmp_path / "run", steps=1)
    file.unlink()
    run = resume(tmp_path / "run", steps=2)
    assert set(run.load_weights("latest", "generator")) >= {"encoder.backbone.stem.conv.weight"}
