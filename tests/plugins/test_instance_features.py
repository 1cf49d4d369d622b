from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor, nn

import gan_zoo
from gan_zoo.checks.contracts import contracts
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.validation import RecipeError
from gan_zoo.reporter import Reporter
from gan_zoo.testing.fixtures import PLAIN, batch_of
from gan_zoo_conditions.instance_features_specs import InstanceFeaturesSpec
from gan_zoo_conditions.pooling import Places, resize_nearest
from tests.parity import published
from tests.plugins.networks import read_options

GOLDEN = Path(__file__).parents[1] / "parity/golden/pix2pixhd/global_features"
SHAPES = {
    "label": Image(1, None, None, classes=5),
    "instance": Image(1, None, None, instances=9),
    "target": Image(3),
}
SMALL = InstanceFeaturesSpec(width=2, downsamplings=1)


def made(spec: InstanceFeaturesSpec, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return spec.build(SHAPES).double()


def maps(*size: int, ids: int = 9, batch: int = 2, seed: int = 0) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(seed)
    instance = torch.randint(0, ids, (batch, 1, *size), generator=drawn)
    picture = torch.rand(batch, 3, *size, generator=drawn, dtype=torch.float64) * 2 - 1
    return {"instance": instance, "label": instance % 5, "target": picture}


def slowly(features: Tensor, ids: Tensor, slots: int) -> Tensor:
    """The published loop: batch by batch, id by id, channel by channel."""
    rows = []
    for b in range(len(ids)):
        picture = [torch.zeros(ids.shape[-2:], dtype=features.dtype) for _ in features[b]]
        for one in ids[b].unique().tolist():
            where = ids[b, 0] == one
            for c in range(features.shape[1]):
                if 0 <= one < slots:
                    picture[c] = torch.where(where, features[b, c][where].mean(), picture[c])
        rows.append(torch.stack(picture))
    return torch.stack(rows)


# ---------------------------------------------------------------------------------- pooling


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_pooling_is_what_a_loop_finds(data: st.DataObject) -> None:
    """Any batch with other ids in every picture, odd sizes, ids beyond the slots."""
    batch, channels, height, width = (data.draw(st.integers(1, most)) for most in (3, 4, 7, 37))
    slots = data.draw(st.integers(1, 6))
    drawn = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    ids = torch.randint(-1, slots + 2, (batch, 1, height, width), generator=drawn)
    features = torch.rand(batch, channels, height, width, generator=drawn, dtype=torch.float64)
    features.requires_grad_()
    places = Places(ids, slots)
    means = places.pool(features)
    assert means.shape == (batch, slots, channels)
    painted, expected = places.paint(means), slowly(features, ids, slots)
    torch.testing.assert_close(painted, expected, atol=1e-12, rtol=0)
    counts = torch.stack([(ids == slot).sum((1, 2, 3)) for slot in range(slots)], dim=1)
    assert places.counts().equal(counts.float())
    assert (means[counts == 0] == 0).all()
    incoming = torch.rand(painted.shape, generator=drawn, dtype=torch.float64)
    expected = expected + 0 * features  # where no pixel has a slot, nothing depends on them
    ours, theirs = (torch.autograd.grad(x, features, incoming)[0] for x in (painted, expected))
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


def test_the_gradient_is_that_of_finite_differences() -> None:
    ids = torch.randint(0, 4, (2, 1, 3, 5), generator=torch.Generator().manual_seed(1))
    places = Places(ids, 5)
    features = torch.rand(2, 2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: places.paint(places.pool(x)), features)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_million_pixels_are_added_up_in_float32(dtype: torch.dtype) -> None:
    """One sum of so many would be off by more than 1e-5."""
    features = (torch.rand(1, 2, 1024, 1024, generator=torch.Generator().manual_seed(0))).to(dtype)
    ids = torch.zeros(1, 1, 1024, 1024, dtype=torch.int64)
    means = Places(ids, 2).pool(features)
    assert means.dtype == torch.float32
    exact = features.double().mean((2, 3))
    torch.testing.assert_close(means[:, 0].double(), exact, atol=5e-6, rtol=0)


def test_layouts_give_the_same() -> None:
    one = maps(12, 20)
    other = {n: t.contiguous(memory_format=torch.channels_last) for n, t in one.items()}
    module = made(SMALL)
    torch.testing.assert_close(module(one), module(other), atol=1e-12, rtol=0)


def test_nearest_takes_centers_as_files_do() -> None:
    ids = torch.arange(35).view(1, 1, 5, 7)
    assert resize_nearest(ids, (5, 7)).equal(ids)
    assert resize_nearest(ids.repeat_interleave(2, -1).repeat_interleave(2, -2), (5, 7)).equal(ids)
    exact = nn.functional.interpolate(ids.double(), (3, 4), mode="nearest-exact")
    assert resize_nearest(ids, (3, 4)).equal(exact.long())


# ---------------------------------------------------------------------------------- condition


def test_parameters_and_results_as_published() -> None:
    module = InstanceFeaturesSpec().build(SHAPES)
    assert sum(p.numel() for p in module.parameters()) == 788_803
    spec = InstanceFeaturesSpec(width=4)
    state = torch.load(GOLDEN / "latest_net_E.pth", weights_only=True)
    (layout,) = spec.published(SHAPES)
    shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    assert (layout.file, set(layout.keys)) == ("E", set(state))
    assert read_options(InstanceFeaturesSpec, shapes) == {
        **{"width": 4, "downsamplings": 4},
        **{"channels": 3, "norm": "instance"},
    }
    module = made(spec)
    module.load_state_dict({layout.keys[key]: tensor for key, tensor in state.items()})
    golden = load_file(GOLDEN / "golden.safetensors")
    given = PLAIN.receive(published.maps(golden))
    features = spec.build({**SHAPES, "instance": Image(1, instances=512)}).double()
    features.load_state_dict(module.state_dict())
    expected = golden["instance_features"].double()
    torch.testing.assert_close(features(given), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", ["global", "local"])
def test_options_of_other_networks_files(family: str) -> None:
    state = torch.load(GOLDEN.parent / family / "latest_net_G.pth", weights_only=True)
    shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    assert InstanceFeaturesSpec.recognize(shapes) is None
    assert InstanceFeaturesSpec(norm="group").published(SHAPES) == []


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("downsamplings", [1, 3, 4])
def test_layouts_name_every_tensor(norm: Any, downsamplings: int) -> None:
    spec = InstanceFeaturesSpec(width=2, downsamplings=downsamplings, norm=norm, channels=5)
    (layout,) = spec.published(SHAPES)
    state = spec.build(SHAPES).state_dict()
    assert set(layout.keys.values()) == set(state)
    shapes = {theirs: tuple(state[ours].shape) for theirs, ours in layout.keys.items()}
    assert read_options(InstanceFeaturesSpec, shapes) == {
        **{"width": 2, "downsamplings": downsamplings},
        **{"channels": 5, "norm": norm},
    }


@pytest.mark.parametrize("over", ["instance", "label"])
@pytest.mark.parametrize("size", [(12, 20), (13, 21), (7, 5)])
def test_every_pixel_is_shown_the_mean_of_its_id(over: str, size: tuple[int, int]) -> None:
    module, given = made(SMALL.model_copy(update={"over": over})), maps(*size, batch=3)
    features = module.encoder(given["target"])
    assert features.shape == (3, 3, *size)
    expected = slowly(features, given[over], 9 if over == "instance" else 5)
    torch.testing.assert_close(module(given), expected, atol=1e-12, rtol=0)
    means = module.encode(given)
    assert means.shape == (3, 9 if over == "instance" else 5, 3)
    assert torch.equal(module.paint(given, means), module(given))


def test_pixels_of_no_class_are_shown_nothing() -> None:
    given = maps(12, 20)
    given["label"][:, :, :3] = 255
    shown = made(SMALL.model_copy(update={"over": "label"}))(given)
    assert (shown[:, :, :3] == 0).all()
    assert (shown[:, :, 3:] != 0).all()


def test_one_instance_all_over_and_without_a_picture() -> None:
    module, given = made(SMALL), maps(8, 8, ids=1)
    assert module(given).std((2, 3)).max() < 1e-12
    del given["target"]
    assert torch.equal(module(given), torch.zeros(2, 3, 8, 8))
    assert (SMALL.needs(), SMALL.asks()) == (("target", "instance"), ("instance",))
    assert (SMALL.seen_by, SMALL.learns(), SMALL.styles()) == ("generator", True, "instance")


def test_a_style_changes_its_instance_alone() -> None:
    module, given = made(SMALL), maps(16, 16)
    means = module.encode(given)
    other = means.clone()
    other[0, 4] += 0.5
    changed = (module.paint(given, other) - module.paint(given, means)).abs().amax(1)  # B H W
    where = given["instance"][:, 0] == 4
    where[1] = False
    assert torch.equal(changed > 0, where)
    cast = Cast({}, {"texture": module}, PLAIN)
    painted = cast.condition("texture", {**given, "conditions.texture": other})
    assert torch.equal(painted, module.paint(given, other))


def test_the_encoder_learns_through_the_means() -> None:
    module, given = made(SMALL), maps(12, 20)
    module(given).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in [module.encoder.head.weight])


@pytest.mark.parametrize("name", ["float32", "float64", "bfloat16"])
def test_features_come_in_the_working_type(name: str) -> None:
    precision = Precision(torch.device("cpu"), name, "channels_last")
    module = precision.place(SMALL.build(SHAPES))
    given = precision.receive(
        {n: t.float() if n == "target" else t for n, t in maps(16, 16).items()}
    )
    condition = Cast({}, {"tested": module}, precision).condition("tested", given)
    assert condition.dtype == precision.dtype
    exact = module.double()(PLAIN.receive(given)).to(precision.dtype)
    tolerance = 0.05 if name == "bfloat16" else 1e-5
    torch.testing.assert_close(condition, exact, atol=tolerance, rtol=0)


# ---------------------------------------------------------------------------------- frozen


def doubled(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n: t.repeat_interleave(2, -1).repeat_interleave(2, -2) for n, t in given.items()}


def test_a_frozen_encoder_sees_its_own_size() -> None:
    small = maps(16, 24)
    small["target"] = small["target"][..., :1, :1].expand(-1, -1, 16, 24)  # which survives resizing
    given = doubled(small)
    frozen = SMALL.model_copy(update={"frozen_at": (16, 24)})
    module = made(SMALL)
    staged: Any = frozen.playing_part(module)
    assert staged.encoder is module.encoder
    assert SMALL.playing_part(module) is module
    assert frozen.playing_part(staged) is staged
    assert SMALL.playing_part(staged).frozen_at is None
    torch.testing.assert_close(staged.encode(given), module.encode(small), atol=1e-9, rtol=0)
    assert staged(given).shape == (2, 3, 32, 48)
    assert not staged(given).requires_grad
    assert module(given).requires_grad
    assert (frozen.learns(), frozen.per_phase) == (False, {"frozen_at"})


def test_what_vanishes_at_that_size_keeps_the_features_of_its_place() -> None:
    given = maps(16, 16, ids=1, batch=1)
    given["instance"][0, 0, 4, 6] = 3  # one pixel, which no center of a block of 4 hits
    module = made(SMALL.model_copy(update={"frozen_at": (4, 4)}))
    assert 3 not in resize_nearest(given["instance"], (4, 4))
    means = module.encode(given)
    small = nn.functional.interpolate(given["target"], (4, 4), mode="bicubic", antialias=True)
    features = module.encoder(small.clamp(-1, 1))
    torch.testing.assert_close(means[0, 3], features[0, :, 1, 1], atol=1e-12, rtol=0)


PHASES = {
    "data": {"use": "scenes", "size": [32, 32], "samples": [4, 1, 1], "batch": 2, "workers": 0},
    "conditions": {
        "labels": {"use": "one_hot"},
        "edges": None,
        "texture": {"use": "instance_features", "width": 2, "downsamplings": 1},
    },
    "generator": {"use": "unet", "width": 2, "depth": 2, "dropout": "none"},
    "discriminator": {"width": 2, "layers": 1},
    "phases": {
        "main": {"epochs": None, "steps": 2, "schedule": None},
        "later": {"steps": 2, "set": {"conditions.texture.frozen_at": [16, 16]}},
    },
    "validation": None,
    "callbacks": None,
    "engine": {"device": "cpu", "precision": "float64"},
}


def test_phases_train_and_freeze_it() -> None:
    recipe = Recipe.load("scenes", set=PHASES)
    assembly = assemble(recipe)
    module = assembly.networks["conditions.texture"]
    batch = batch_of(recipe.data, 2)
    moved = {}
    for name in recipe.phases:
        before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
        runner = PhaseRunner(assembly, name, PLAIN)
        runner.begin()
        for _ in range(2):
            runner.step([batch])
        after = module.state_dict()
        moved[name] = {key for key in before if not torch.equal(before[key], after[key])}
        learning = [n for n in runner.players["generator"].learns if n.startswith("conditions")]
        assert bool(learning) == (name == "main")
    assert moved["later"] == set()
    assert {"encoder.head.weight", "encoder.encoder.0.conv.weight"} <= moved["main"]


def test_a_phase_does_not_freeze_what_it_trains() -> None:
    train = ["generator", "conditions.texture"]
    recipe = Recipe.load("scenes", set={**PHASES, "phases.later.train": train})
    with pytest.raises(RecipeError, match=r"'conditions\.texture' is frozen by what this phase"):
        contracts(recipe)
    contracts(Recipe.load("scenes", set={**PHASES, "phases.main.train": train}))


def test_a_run_keeps_its_encoder(tmp_path: Path) -> None:
    recipe = Recipe.load("scenes", set={**PHASES, "engine": {"device": "cpu"}})
    run = gan_zoo.train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    assert (run.path / "weights/latest/conditions.texture.safetensors").is_file()
    translator = gan_zoo.load(run, device="cpu")
    assert translator.inputs == ["label", "instance"]
    sample = recipe.data.open("test").read(0, None)
    inputs = {name: sample.maps[name] for name in translator.inputs}
    assert translator.picture(inputs).shape == (3, 32, 32)


# ---------------------------------------------------------------------------------- contracts


@pytest.mark.parametrize(
    ("spec", "shapes", "option", "told"),
    [
        (
            SMALL.model_copy(update={"over": "target"}),
            {},
            "over",
            "instance_features takes means over ids, and target holds a picture of 3 channels; use "
            "over: label or instance",
        ),
        (
            SMALL,
            {"target": Image(1, classes=4)},
            "",
            "instance_features encodes colors, and target holds ids of 4 classes; leave it out",
        ),
        (
            InstanceFeaturesSpec(),
            {"target": Image(3, 16, 16)},
            "downsamplings",
            "downsamplings 4 leave one pixel of a picture of 16x16; use downsamplings <= 3",
        ),
        (
            SMALL,
            {"target": Image(3, 3, 99)},
            "",
            "instance_features pads by 3 pixels of reflection, and the picture is 3x99; use sides "
            "of 4 or more",
        ),
    ],
    ids=str,
)
def test_refusals(
    spec: InstanceFeaturesSpec, shapes: Mapping[str, Image], option: str, told: str
) -> None:
    with pytest.raises(ContractError) as caught:
        spec.gives({**SHAPES, **shapes})
    assert (caught.value.option, str(caught.value)) == (option, told)
