"""The published step, in plain torch, gives the same losses and weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo import Recipe
from gan_zoo.testing import PhaseRunner, phase

CLOSE = 1e-9
STEPS = 6

Make = Callable[..., Recipe]


def batch(seed: int, samples: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shape = (samples, 3, 16, 16)
    return {
        name: torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        for name in ("source", "target")
    }


def picked(pool: list[Tensor], size: int, fakes: Tensor) -> Tensor:
    """The published pool: until it is full every picture is kept and shown; then one in two is
    shown, and for the other an old one, whose place it takes.
    """
    shown = []
    for fake in fakes:
        if len(pool) < size:
            pool.append(fake)
            shown.append(fake)
        elif torch.randint(2, ()).item():
            shown.append(fake)
        else:
            place = int(torch.randint(size, ()).item())
            shown.append(pool[place])
            pool[place] = fake
    return torch.stack(shown)


def lsgan(logits: Tensor, real: bool) -> Tensor:
    return F.mse_loss(logits, torch.full_like(logits, float(real)))


class ByHand:
    """Two generators, two discriminators, two optimizers, and the step of the published program."""

    def __init__(self, plain: SimpleNamespace, weights: dict[str, dict[str, Tensor]]) -> None:
        self.net: dict[str, nn.Module] = {
            "G_A": plain.Generator(2, 1),
            "G_B": plain.Generator(2, 1),
            "D_A": plain.Discriminator(2, 1),
            "D_B": plain.Discriminator(2, 1),
        }
        for name, net in self.net.items():
            net.double().load_state_dict(weights[name])
        self.optimizer_g, self.optimizer_d = (
            torch.optim.Adam(
                itertools.chain(self.net[a].parameters(), self.net[b].parameters()),
                lr=2e-4,
                betas=(0.5, 0.999),
            )
            for a, b in (("G_A", "G_B"), ("D_A", "D_B"))
        )
        self.pool_a: list[Tensor] = []  # of fake B pictures, which D_A judges
        self.pool_b: list[Tensor] = []

    def learn(self, names: str, on: bool) -> None:
        for name, net in self.net.items():
            if name.startswith(names):
                net.requires_grad_(on)

    def step(
        self, maps: dict[str, Tensor], *, pool: int, lambda_a: float, lambda_b: float
    ) -> dict[str, float]:
        a, b = (maps[name].double() / 127.5 - 1 for name in ("source", "target"))
        net = self.net
        fake_b, fake_a = net["G_A"](a), net["G_B"](b)
        rec_a, rec_b = net["G_B"](fake_b), net["G_A"](fake_a)
        self.learn("D", False)
        terms = {
            "G_GAN_A": lsgan(net["D_A"](fake_b), True),
            "G_GAN_B": lsgan(net["D_B"](fake_a), True),
            "cycle_A": lambda_a * F.l1_loss(rec_a, a),
            "cycle_B": lambda_b * F.l1_loss(rec_b, b),
            "idt_A": 0.5 * lambda_b * F.l1_loss(net["G_A"](b), b),
            "idt_B": 0.5 * lambda_a * F.l1_loss(net["G_B"](a), a),
        }
        self.optimizer_g.zero_grad()
        sum(terms.values(), torch.zeros(())).backward()
        self.optimizer_g.step()
        self.learn("D", True)
        self.optimizer_d.zero_grad()
        for side, real, fake, held in (
            ("A", b, fake_b, self.pool_a),
            ("B", a, fake_a, self.pool_b),
        ):
            shown = picked(held, pool, fake.detach()) if pool else fake.detach()
            terms[f"D_real_{side}"] = lsgan(net[f"D_{side}"](real), True)
            terms[f"D_fake_{side}"] = lsgan(net[f"D_{side}"](shown), False)
            (0.5 * (terms[f"D_real_{side}"] + terms[f"D_fake_{side}"])).backward()
        self.optimizer_d.step()
        return {label: value.item() for label, value in terms.items()}


def losses(runner: PhaseRunner, samples: int, split: bool) -> Iterator[dict[str, float]]:
    for seed in range(STEPS):
        maps = batch(seed, samples)
        batches = [maps]
        if split:
            batches = [{k: v[n : n + 1] for k, v in maps.items()} for n in range(samples)]
        yield runner.step(batches, seed).numbers()


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"method.pool": 2}, {"pool": 2, "lambda_a": 10, "lambda_b": 10}),
        (
            {
                "method": {"use": "cyclegan/cyclic", "translate": "b_to_a", "pool": 0},
                "losses.cycle.weight_b": 4.0,
                "losses.identity": {"use": "cyclegan/identity", "weight": 2.0, "weight_b": 5.0},
            },
            {"pool": 0, "lambda_a": 10, "lambda_b": 4},
        ),
    ],
    ids=["pool", "weights"],
)
@pytest.mark.parametrize("samples", [1, 3])
def test_steps_are_the_published_ones(
    tiny: Make,
    plain: SimpleNamespace,
    published: Callable[..., dict[str, dict[str, Tensor]]],
    changes: dict[str, Any],
    how: dict[str, Any],
    samples: int,
) -> None:
    recipe = tiny({**changes, "init.gain": 0.3})  # large weights, so that everything matters
    splits = (False,) if samples == 1 or how["pool"] else (False, True)  # pools draw in order
    for split in splits:
        runner = phase(recipe)
        hand = ByHand(plain, published(recipe, runner.networks))
        torch.manual_seed(3)
        ours = list(losses(runner, samples, split))
        torch.manual_seed(3)
        theirs = [hand.step(batch(seed, samples), **how) for seed in range(STEPS)]
        for one, other in zip(ours, theirs, strict=True):
            assert one == pytest.approx(other, rel=CLOSE, abs=CLOSE)
        for name, state in published(recipe, runner.networks).items():
            for key, tensor in hand.net[name].state_dict().items():
                torch.testing.assert_close(state[key], tensor, rtol=0, atol=CLOSE)


def test_terms_stand_in_the_published_order(tiny: Make) -> None:
    runner = phase(tiny())
    generators = ["G_GAN_A", "cycle_A", "idt_A", "G_GAN_B", "cycle_B", "idt_B"]
    discriminators = ["D_real_A", "D_fake_A", "D_real_B", "D_fake_B"]
    assert [*runner.step([batch(0, 1)]).numbers()] == generators + discriminators
