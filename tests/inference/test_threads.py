"""A loaded model answers any thread as it answers one alone, and is the same afterwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils import _python_dispatch as dispatch

import gan_zoo
from gan_zoo.inference.noise import OwnNoise
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import picture, trained

THREADS, CALLS = 8, 1000
NOISE = {"conditions": {"source": {"use": "image"}, "noise": {"use": "noise", "map": "source"}}}


def in_threads(call: Callable[[int], Any], calls: int) -> list[Any]:
    """The answers of calls that run at once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(call, range(calls)))
    finally:
        torch.set_num_threads(threads)


def state(translator: Translator) -> dict[str, Tensor]:
    networks = translator.cast.networks.items()
    return {f"{n}.{k}": t.clone() for n, net in networks for k, t in net.state_dict().items()}


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("threads") / "run", **NOISE)


@pytest.mark.parametrize("norm", ["running", "picture"])
@pytest.mark.parametrize("dropout", [True, False])
def test_threads_get_the_answers_of_one_alone(noisy: RunFolder, norm: str, dropout: bool) -> None:
    set = {"inference.norm": norm, "inference.dropout": dropout}
    translator = gan_zoo.load(noisy, device="cpu", set=set)
    given = [picture(height, 64) for height in (64, 60, 96, 80, 48, 64)]
    alone = [translator(one, seed=n) for n, one in enumerate(given)]
    before, drawn = state(translator), torch.get_rng_state()

    def ask(call: int) -> bool:
        n = call % len(given)
        return torch.equal(translator(given[n], seed=n), alone[n])

    assert sum(in_threads(ask, CALLS // 4)) == CALLS // 4  # 1000 calls in all four settings
    after = state(translator)
    assert [key for key, tensor in before.items() if not torch.equal(tensor, after[key])] == []
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(map(torch.equal, [translator(g, seed=n) for n, g in enumerate(given)], alone))


class Everything(nn.Module):
    """Draws in each of the ways that torch has: with a generator, of its parts, and by itself."""

    def forward(self, x: Tensor) -> list[Tensor]:
        q = x[:, :1]
        return [
            F.dropout(x, 0.5, training=True),
            F.dropout2d(x, 0.5, training=True),
            F.alpha_dropout(x, 0.5, training=True),
            F.rrelu(x, training=True),
            torch.randn(2, 3),
            torch.rand(4, dtype=torch.float64),
            torch.randint(0, 1000, (5,)),
            torch.randperm(9),
            torch.randn_like(x),
            torch.rand_like(x),
            torch.normal(x, 1.0),
            torch.bernoulli(torch.full((9,), 0.5)),
            torch.empty(3).uniform_(),
            torch.multinomial(torch.ones(8), 3),
            F.scaled_dot_product_attention(q, q, q, dropout_p=0.5),
            F.gumbel_softmax(x),
        ]


def test_own_noise_is_that_of_a_seeded_torch() -> None:
    """Its numbers are those of torch.manual_seed, whichever way torch draws."""
    x = torch.arange(128.0).reshape(1, 2, 8, 8) / 128
    drawing = Everything()
    with torch.random.fork_rng(devices=()), torch.inference_mode():
        torch.manual_seed(5)
        expected = drawing(x)
    drawn = torch.get_rng_state()
    with torch.inference_mode(), OwnNoise(5):
        made = drawing(x)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert [
        n for n, pair in enumerate(zip(made, expected, strict=True)) if not torch.equal(*pair)
    ] == []


def test_own_noise_of_threads_leaves_no_flag_of_the_process_set() -> None:
    x = torch.zeros(1, 2, 8, 8)

    def draw(call: int) -> list[Tensor]:
        with torch.inference_mode(), OwnNoise(call % 3):
            return Everything()(x)

    made = in_threads(draw, 90)
    for call, drawn in enumerate(made):
        assert all(map(torch.equal, drawn, made[call % 3]))
    assert not dispatch.is_in_torch_dispatch_mode()
