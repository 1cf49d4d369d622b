"""The pool: earlier fakes for new ones, in 8 bits, on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from gan_zoo.components import Pool


def pictures(start: int, count: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures that are their own numbers, and ids that are those negated."""
    numbers = torch.arange(start, start + count).reshape(-1, 1, 1, 1)
    return numbers.double() / 127.5 - 1, {"ids": -numbers}


def number(fake: Tensor) -> int:
    return round((fake.item() + 1) * 127.5)


def test_it_hands_pictures_through_until_it_is_full_and_draws_nothing() -> None:
    pool, before = Pool(6), torch.get_rng_state()
    for start in (0, 2, 4):
        assert pool.exchange(*pictures(start, 2)) == [None, None]
    assert torch.equal(torch.get_rng_state(), before)
    assert [held["fake"].item() for held in pool.held] == [0, 1, 2, 3, 4, 5]
    assert {held["fake"].dtype for held in pool.held} == {torch.uint8}


def test_a_full_one_hands_out_old_ones_half_of_the_time_each_with_what_it_was_made_of() -> None:
    torch.manual_seed(0)
    pool, found = Pool(50), []
    pool.exchange(*pictures(0, 50))
    for n in range(50, 250):
        [old] = pool.exchange(*pictures(n, 1))
        if old is not None:
            found.append(number(old["fake"]))
            assert old["ids"].item() == -found[-1]
            assert found[-1] < n
        assert len(pool.held) == 50
    assert 80 < len(found) < 120
    assert len({*found}) == len(found)  # what was handed out made room


def test_without_anything_beside() -> None:
    torch.manual_seed(0)
    pool = Pool(2)
    fakes = [pool.ask(pictures(n, 2)[0]) for n in range(0, 200, 2)]
    old = [number(one) < n for n, pair in zip(range(0, 200, 2), fakes, strict=True) for one in pair]
    assert 0.35 < sum(old) / len(old) < 0.65
    assert Pool(0).ask(fakes[0]) is fakes[0]


def test_it_gives_only_pictures_of_the_size_at_hand() -> None:
    torch.manual_seed(0)
    pool = Pool(3)
    pool.ask(torch.zeros(3, 1, 4, 4))
    for _ in range(30):
        assert pool.ask(torch.ones(2, 1, 8, 8)).shape == (2, 1, 8, 8)
    assert {tuple(held["fake"].shape) for held in pool.held} == {(1, 8, 8)}


def test_pictures_are_rounded_to_8_bits_unless_they_are_held_exactly() -> None:
    torch.manual_seed(1)
    fake = torch.rand(4, 3, 5, 5) * 2 - 1
    for exact in (False, True):
        pool = Pool(4, exact=exact)
        pool.ask(fake)
        torch.manual_seed(2)
        handed = [old["fake"] for _ in range(40) for old in pool.exchange(fake, {}) if old]
        nearest = [min((one - own).abs().max().item() for own in fake) for one in handed]
        assert len(nearest) > 50
        assert max(nearest) <= (0 if exact else 0.5 / 127.5 + 1e-6)
        assert all(one.dtype == fake.dtype for one in handed)


def test_ids_are_held_in_few_bits_and_floats_as_they_are() -> None:
    pool = Pool(3)
    beside = {
        "label": torch.tensor([5, 34, 32767]).reshape(3, 1, 1, 1),
        "instance": torch.tensor([1, 32768, 70000]).reshape(3, 1, 1, 1),
        "photo": torch.tensor([1, 2, 255], dtype=torch.uint8).reshape(3, 1, 1, 1),
        "noise": torch.randn(3, 2, 1, 1),
    }
    pool.exchange(torch.zeros(3, 1, 1, 1), beside)
    kinds = [{name: t.dtype for name, t in held.items()} for held in pool.held]
    assert [kind["label"] for kind in kinds] == [torch.int16] * 3
    assert [kind["instance"] for kind in kinds] == [torch.int16, torch.int32, torch.int32]
    assert {kind["photo"] for kind in kinds} == {torch.uint8}
    for n, held in enumerate(pool.held):
        assert all(torch.equal(held[name].to(t), t[n]) for name, t in beside.items())


def test_it_survives_a_checkpoint() -> None:
    pool = Pool(4)
    pool.exchange(*pictures(0, 4))
    again = Pool(4)
    again.restore(pool.state())
    results = []
    for one in (pool, again):
        torch.manual_seed(3)
        results.append([number(one.ask(pictures(n, 1)[0])) for n in range(4, 40)])
    assert results[0] == results[1]
    assert any(value < 4 for value in results[0])


def test_what_it_holds_when_it_is_full() -> None:
    pool = Pool(50)
    assert pool.full_bytes() == 0
    ids = torch.zeros(1, 1, 8, 6, dtype=torch.int32)
    pool.exchange(torch.zeros(1, 3, 8, 6), {"label": ids, "instance": ids})
    assert pool.full_bytes() == 50 * (3 + 2 + 2) * 8 * 6
