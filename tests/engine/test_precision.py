from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from gan_zoo.components.norms import GroupNorm, InstanceNorm, norm_layer
from gan_zoo.engine.precision import Precision, deterministic, pick_device
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]


def run(tiny: Make, play: Any, precision: str, layout: Any = "contiguous") -> Any:
    game = play(tiny({"generator.dropout": "none"}), precision)
    game.precision = Precision(torch.device("cpu"), precision, layout)
    game.enter("only")
    game.terms = [game.step(seed) for seed in range(3)]
    return game


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("bfloat16", 0.02)])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_every_precision_gives_the_losses_of_float64(
    tiny: Make, play: Any, precision: str, layout: str, tolerance: float
) -> None:
    exact, game = run(tiny, play, "float64"), run(tiny, play, precision, layout)
    for ours, theirs in zip(game.terms, exact.terms, strict=True):
        assert ours == pytest.approx(theirs, rel=tolerance)


@pytest.mark.parametrize(
    ("precision", "working"),
    [("float64", torch.float64), ("float32", torch.float32), ("bfloat16", torch.float32)],
)
def test_weights_statistics_gradients_and_losses_are_in_the_working_type(
    tiny: Make, play: Any, noise: Any, precision: str, working: torch.dtype
) -> None:
    game = run(tiny, play, precision)
    for tensor in game.weights().values():
        assert tensor.dtype == working or not tensor.is_floating_point()
    for player in game.runner.players.values():
        moments = {s["exp_avg"].dtype for s in player.optimizer.state.values()}
        assert moments == {working}
    ledger = game.runner.step([noise(5)])
    assert {term.dtype for term in ledger.terms.values()} == {working}


def test_bfloat16_computes_in_bfloat16_and_norms_keep_float32_statistics(
    tiny: Make, play: Any
) -> None:
    game = play(tiny(), "bfloat16")
    game.enter("only")
    seen: dict[str, torch.dtype] = {}
    generator = game.assembly.networks["generator"]
    for name, layer in generator.named_modules():
        kind = type(layer).__name__
        if kind in ("Conv2d", "BatchNorm2d"):
            layer.register_forward_hook(
                lambda layer, given, made, kind=kind: seen.__setitem__(kind, made.dtype)
            )
        assert name is not None
    game.step(0)
    assert seen["Conv2d"] == torch.bfloat16
    float32 = run(tiny, play, "float32").weights()
    ours = run(tiny, play, "bfloat16").weights()
    for name in float32:
        if name.endswith("running_var"):
            assert ours[name].dtype == torch.float32
            torch.testing.assert_close(ours[name], float32[name], rtol=0.05, atol=1e-3)


def test_pictures_become_floats_and_ids_stay_ids() -> None:
    precision = Precision(torch.device("cpu"), "float32", "channels_last")
    picture = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1, 1).expand(2, 3, 4, 4)
    got = precision.receive({"source": picture, "label": torch.full((2, 1, 4, 4), 34)})
    assert got["source"][0, :, 0, 0].tolist() == pytest.approx([-1, -0.6, 1])
    assert got["source"].is_contiguous(memory_format=torch.channels_last)
    assert got["label"].dtype == torch.int64
    assert set(got["label"].flatten().tolist()) == {34}


def test_auto_is_looked_up_and_kept() -> None:
    cpu = torch.device("cpu")
    told = Precision.of(device=cpu).described()
    assert told == {
        "device": "cpu",
        "precision": "float32",
        "memory_format": "contiguous",
        "share_views": True,
        "norms": "float32",
        "compile": "off",
        "graphs": "off",
        "auto": {
            "precision": "float32",
            "memory_format": "contiguous",
            "share_views": True,
            "norms": "half",
            "compile": "off",
            "graphs": "off",
        },
        "threads": torch.get_num_threads(),
    }
    kept = {**told, "auto": {"precision": "bfloat16", "memory_format": "channels_last"}}
    assert str(Precision.of(device=cpu, kept=kept)) == "cpu, bfloat16, channels_last"
    said = {"precision": "float64", "memory_format": "contiguous"}  # what is said wins
    assert str(Precision.of(device=cpu, kept=kept, **said)) == "cpu, float64, contiguous"


@pytest.mark.parametrize(
    ("device", "precision", "taken"),
    [
        ("cuda:0", "auto", "float32"),  # it would only emulate bfloat16, which is slower
        ("cuda:1", "auto", "bfloat16"),
        ("cuda:2", "auto", "float32"),
        ("cuda:0", "bfloat16", "bfloat16"),  # who asks for it gets it
        ("cuda:1", "bfloat16", "bfloat16"),
        ("cuda:2", "bfloat16", None),
        ("cuda:2", "float16", "float16"),
    ],
)
def test_bfloat16_is_asked_of_the_named_gpu(
    device: str, precision: str, taken: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three GPUs the first emulates it, the second has it, the third does neither."""
    current = [0]

    @contextmanager
    def entered(place: torch.device) -> Iterator[None]:
        current.append(place.index)
        yield
        current.pop()

    def supported(including_emulation: bool = True) -> bool:
        return current[-1] == 1 or (including_emulation and current[-1] == 0)

    monkeypatch.setattr(torch.cuda, "device", entered)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    place = torch.device(device)
    if taken is None:
        with pytest.raises(UserError, match=r"engine\.precision: cuda:2 has no bfloat16"):
            Precision.of(device=place, precision=precision)
    else:
        assert Precision.of(device=place, precision=precision).name == taken


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(UserError, match=r"engine\.device: cuda:1 came, .* only cpu; use auto"):
        pick_device("cuda:1")
    assert pick_device("auto").type in ("cpu", "mps")


# ---------------------------------------------------------------------------------- norms


@pytest.mark.parametrize(
    ("precision", "word", "half"),
    [
        ("bfloat16", "auto", True),
        ("bfloat16", "half", True),
        ("bfloat16", "float32", False),
        ("float16", "auto", False),
        ("float16", "half", True),
        ("float32", "auto", False),
        ("float32", "half", False),
        ("float64", "half", False),
    ],
)
def test_norms_are_told_where_they_are_placed(precision: str, word: str, half: bool) -> None:
    made = Precision.of(device="cpu", precision=precision, norms=word)
    norms = [norm_layer("instance", 4), norm_layer("group", 4)]
    made.place(nn.Sequential(*norms))
    assert [norm.in_half for norm in norms] == [half, half]
    again = Precision.of(device="cpu", precision="float32", kept=made.described())
    again.place(nn.Sequential(*norms))  # in a later phase
    assert [norm.in_half for norm in norms] == [False, False]


def test_what_auto_meant_of_norms_is_kept() -> None:
    kept = Precision.of(device="cpu", precision="bfloat16").described()
    assert (kept["norms"], kept["auto"]["norms"]) == ("half", "half")
    kept["auto"]["norms"] = "float32"
    assert Precision.of(device="cpu", precision="bfloat16", kept=kept).norms == "float32"


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_norms_in_half_give_the_losses_of_float64(tiny: Make, play: Any, norm: str) -> None:
    """And the gradients: a step on, the losses are still those."""
    recipe = tiny(
        {"generator.dropout": "none", "generator.norm": norm, "discriminator.norm": norm},
        only={"steps": 4, "size": [32, 32]},
    )
    played = []
    for precision in ("float64", "bfloat16"):
        game = play(recipe)
        game.precision = Precision.of(device="cpu", precision=precision)
        game.enter("only")
        made: set[torch.dtype] = set()
        for layer in game.assembly.networks["generator"].modules():
            if isinstance(layer, InstanceNorm | GroupNorm):
                layer.register_forward_hook(lambda m, given, out, made=made: made.add(out.dtype))
        played.append([game.step(seed, side=32) for seed in range(3)])
        assert made == {torch.float64 if precision == "float64" else torch.bfloat16}
    for exact, ours in zip(*played, strict=True):
        assert ours == pytest.approx(exact, rel=0.03)


# ---------------------------------------------------------------------------------- float16


def test_float16_steps_near_those_of_float32(tiny: Make, play: Any) -> None:
    exact, half = run(tiny, play, "float64"), run(tiny, play, "float16")
    for ours, theirs in zip(half.terms, exact.terms, strict=True):
        assert ours == pytest.approx(theirs, rel=0.02)
    for tensor in half.weights().values():
        assert tensor.dtype == torch.float32 or not tensor.is_floating_point()


def test_each_player_skips_its_own_overflowing_steps(tiny: Make, play: Any, noise: Any) -> None:
    game = play(tiny({"generator.dropout": "none"}), "float16")
    runner = game.enter("only")
    scaler = runner.players["discriminator"].scaler
    for player, scale in (("generator", 2.0**8), ("discriminator", 2.0**40)):
        own = runner.players[player].scaler
        own.load_state_dict({**own.state_dict(), "scale": scale})
    before, optimizer = game.weights(), runner.players["discriminator"].optimizer
    runner.step([noise(0)])
    assert runner.skipped() == {"generator": 0, "discriminator": 1}
    assert scaler.get_scale() == 2.0**39
    assert not optimizer.state  # nothing was learned from infinities
    after = game.weights()
    learned = {n for p in runner.players.values() for n in p.learns}
    moved = {n for n in learned if not torch.equal(before[n], after[n])}
    assert moved == set(runner.players["generator"].learns)


def test_scalers_are_remembered(tiny: Make, play: Any, noise: Any) -> None:
    game = play(tiny(one={"steps": 1}, two={"steps": 1}), "float16")
    runner = game.enter("one")
    runner.players["generator"].scaler.load_state_dict(
        {**runner.players["generator"].scaler.state_dict(), "scale": 512.0}
    )
    runner.players["generator"].skipped = 3
    runner.step([noise(0)])
    runner.remember()
    again = game.enter("two")
    assert again.players["generator"].scaler.get_scale() == 512.0
    assert again.players["generator"].scaler.state_dict()["_growth_tracker"] == 1
    assert again.skipped() == {"generator": 3, "discriminator": 0}


def test_a_scaled_loss_is_told_unscaled(tiny: Make, play: Any, noise: Any) -> None:
    plain, scaled = play(tiny(), "float32"), play(tiny(), "float16")
    for game in (plain, scaled):
        torch.manual_seed(0)
        game.enter("only")
    one, other = (game.runner.step([noise(0)]).numbers() for game in (plain, scaled))
    assert other == pytest.approx(one, rel=0.01)


# ---------------------------------------------------------------------------------- deterministic


def test_deterministic_holds_inside_alone_and_says_what_cannot_be() -> None:
    with deterministic(True):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    told = "reflection_pad2d_backward_cuda does not have a deterministic implementation"
    with (
        pytest.raises(UserError, match=r"deterministic: reflection_pad2d.*padding: zero"),
        deterministic(True),
    ):
        raise RuntimeError(f"{told}. You can file an issue")
    with deterministic(False):
        assert not torch.are_deterministic_algorithms_enabled()
