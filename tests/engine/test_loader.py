"""Order and pixels follow from (seed, pass, sample) alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from gan_zoo.components.interfaces import Sample
from gan_zoo.engine.loader import Batch, Plan, collate, read_batches, shuffled_order
from gan_zoo.errors import DataError


@dataclass(frozen=True)
class Drawn:
    """Samples whose pixels are their draw."""

    count: int = 10
    bad: int | None = None
    odd: int | None = None

    def __len__(self) -> int:
        return self.count

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        if index == self.bad:
            raise DataError(f"{index}.png is damaged")
        assert draw is not None
        side = 3 if index == self.odd else 2
        pixels = torch.from_numpy(draw.integers(0, 256, (1, side, 2), dtype=np.uint8))
        return Sample(str(index), (f"{index}.png",), {"source": pixels})

    def describe(self) -> str:
        return "noise"


def read(
    workers: int = 0, start: int = 0, stop: int = 9, seed: int = 0, data: Drawn | None = None
) -> list[Batch]:
    data = data or Drawn()
    plan = Plan(len(data), 4, seed, first_pass=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more workers than cores
        return list(read_batches(data, plan, start=start, stop=stop, workers=workers, pin=False))


def same(ours: list[Batch], theirs: list[Batch]) -> bool:
    return [b.names for b in ours] == [b.names for b in theirs] and all(
        torch.equal(a.maps["source"], b.maps["source"]) for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_number_of_workers_changes_nothing(workers: int) -> None:
    assert same(read(workers), read(0))


@pytest.mark.parametrize("start", [0, 1, 2, 3, 4, 8])
def test_reading_goes_on_from_any_step(start: int) -> None:
    assert same(read(start=start), read()[start:])


def test_another_seed_is_another_order_and_other_pixels() -> None:
    ours, theirs = read(seed=0), read(seed=1)
    assert [b.names for b in ours] != [b.names for b in theirs]


def test_every_pass_sees_every_sample_once_in_an_order_of_its_own() -> None:
    made = read(stop=6)
    assert [len(b.names) for b in made] == [4, 4, 2, 4, 4, 2]  # what is left over is kept
    first, second = ([n for b in made[i : i + 3] for n in b.names] for i in (0, 3))
    assert sorted(first, key=int) == sorted(second, key=int) == [str(i) for i in range(10)]
    assert first != second
    assert shuffled_order(0, 0, 400) != shuffled_order(0, 1, 400)
    pixels = {name: b.maps["source"][i] for b in made[:3] for i, name in enumerate(b.names)}
    later = {name: b.maps["source"][i] for b in made[3:] for i, name in enumerate(b.names)}
    assert not any(torch.equal(pixels[name], later[name]) for name in pixels)


def test_draws_are_made_as_they_are_needed() -> None:
    plan = Plan(samples=2, batch=1, seed=0, first_pass=0)
    draws = plan.draws(0, 10**12)
    assert len([next(draws) for _ in range(5)]) == 5


def test_the_run_s_own_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    read(workers=1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mistake_in_a_file_comes_as_itself_and_in_its_turn(workers: int) -> None:
    plan = Plan(10, 4, 0, 5)
    feed = read_batches(
        Drawn(bad=int(read()[1].names[0])), plan, start=0, stop=9, workers=workers, pin=False
    )
    next(feed)
    with pytest.raises(DataError, match=r"^\d\.png is damaged$"):
        next(feed)


@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_of_several_sizes_share_no_batch(workers: int) -> None:
    with pytest.raises(DataError, match=r"\.png: \dx2, but \d\.png is \dx2; .* data\.batch: 1"):
        read(workers, data=Drawn(odd=3))


def test_files_of_a_batch_are_all_named() -> None:
    one = Sample("a", ("a.png", "b.png"), {"source": torch.zeros(1, 2, 2)})
    assert collate([one, one]).files == ["a.png", "b.png"] * 2


@pytest.mark.parametrize("scheme", [1, 2])
def test_no_sample_shares_the_stream_of_the_order(scheme: int) -> None:
    """Of the numbers that a pass draws none is drawn twice; runs of earlier versions, whose first
    sample was drawn as the order is, keep theirs.
    """
    plan = Plan(5, 5, seed=3, first_pass=2, scheme=scheme)
    [batch] = read_batches(Drawn(5), plan, start=0, stop=1, workers=0, pin=False)
    drawn = dict(zip(batch.names, batch.maps["source"], strict=True))
    order = np.random.default_rng([3, 2]).integers(0, 256, (1, 2, 2), dtype=np.uint8)
    alike = [name for name, pixels in drawn.items() if np.array_equal(pixels.numpy(), order)]
    assert alike == (["0"] if scheme == 1 else [])
    assert len({pixels.numpy().tobytes() for pixels in drawn.values()}) == 5
    assert batch.names == [str(n) for n in shuffled_order(3, 2, 5)]


@pytest.mark.parametrize("side", [4, 700])
def test_a_batch_travels_whole(side: int) -> None:
    """A small one through the pipe, a large one as shared memory."""
    from multiprocessing.reduction import ForkingPickler

    maps = {
        "source": torch.arange(3 * side * side).reshape(1, 3, side, side).to(torch.uint8),
        "depth": torch.rand(1, 1, side, side),
        "label": torch.full((1, 1, side, side), 2**31 - 1, dtype=torch.int32),
    }
    sent = ForkingPickler.dumps(Batch(["a"], ["a.png"], maps))
    got = ForkingPickler.loads(sent)
    assert (got.names, got.files) == (["a"], ["a.png"])
    for name, tensor in maps.items():
        assert torch.equal(got.maps[name], tensor)
        got.maps[name].zero_()  # it is its own
