"""Phases within a budget: the sum is exact, every phase lives, the rate still falls to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_zoo.ablation.budget import Course, apportion, fit_phases, fit_source, stretch
from gan_zoo.errors import UserError
from gan_zoo.recipe.model import Phase, Schedule
from gan_zoo.recipe.problems import Place
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.validation import parse

PUBLISHED = Schedule(hold=99, fall=101)  # the last of 200 at zero
lengths = st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 500), min_size=1)


def course(**phases: Phase) -> Course:
    return Course(phases, lambda name: 250)


def mean_factor(schedule: Schedule, passes: int, last: float) -> float:
    """Of the last share of a training, pass by pass."""
    first = passes * (1 - last)
    parts = [(max(0.0, min(e, passes) - max(e - 1, first)), e) for e in range(1, passes + 1)]
    return sum(part * schedule.factor(e) for part, e in parts) / (passes * last)


@given(lengths, st.integers(0, 5000))
def test_shares_are_whole_and_sum_to_the_total(own: dict[str, int], more: int) -> None:
    total = len(own) + more
    found = apportion({name: float(length) for name, length in own.items()}, total)
    assert list(found) == list(own)
    assert sum(found.values()) == total
    assert min(found.values()) >= 1


def test_shares_are_in_proportion() -> None:
    assert apportion({"coarse": 8, "enhance": 2, "joint": 8}, 900) == {
        "coarse": 400,
        "enhance": 100,
        "joint": 400,
    }
    assert apportion({"a": 1000, "b": 1}, 10) == {"a": 9, "b": 1}


@given(st.integers(2, 300), st.integers(0, 290), st.integers(0, 40), st.integers(2, 300))
def test_the_last_pass_has_the_rate_of_what_it_stands_for(
    was: int, hold: int, beyond: int, now: int
) -> None:
    hold = min(hold, was - 1)
    schedule = Schedule(hold=hold, fall=was - hold + beyond)
    made = stretch(schedule, was, now)
    last = made.factor(now)
    middle = was - was / now / 2 + 0.5  # of the passes that the last one stands for
    assert last == pytest.approx(schedule.factor(middle), abs=2e-3)  # type: ignore[arg-type]
    rates = [made.factor(e) for e in range(1, now + 1)]
    assert rates == sorted(rates, reverse=True)
    assert all(0 <= rate <= 1 for rate in rates)


@pytest.mark.parametrize(
    ("now", "rates"),
    [
        (1, [0.985]),  # never a whole training at the rate of the end
        (2, [1.0, 0.49]),
        (4, [1.0, 1.0, 0.738, 0.243]),
        (200, [*[1.0] * 99, *((101 - n) / 101 for n in range(1, 102))]),
    ],
)
def test_the_published_schedule_in_few_passes(now: int, rates: list[float]) -> None:
    made = stretch(PUBLISHED, 200, now)
    assert [made.factor(e) for e in range(1, now + 1)] == pytest.approx(rates, abs=6e-3)
    if now > 1:
        last = mean_factor(PUBLISHED, 200, 1 / now)
        assert made.factor(now) == pytest.approx(last, abs=6e-3)


@given(st.integers(3, 20_000))
def test_a_run_has_exactly_its_steps(total: int) -> None:
    three = course(
        coarse=Phase(epochs=8, schedule=Schedule(hold=4, fall=5)),
        enhance=Phase(steps=500),
        joint=Phase(epochs=8, schedule=Schedule(hold=4, fall=5)),
    )
    made = fit_phases(three, "steps", total)
    if total == 4500:
        assert made == three.phases
        return
    assert sum(phase.steps or 0 for phase in made.values()) == total
    for name in ("coarse", "joint"):
        schedule, steps = made[name].schedule, made[name].steps
        assert schedule is not None
        assert steps
        assert steps == pytest.approx(total * 4 / 9, abs=1.5)
        passes = -(-steps // 250)
        if passes > 1:
            lowest = mean_factor(Schedule(hold=4, fall=5), 8, 1 / passes)
            assert schedule.factor(passes) <= lowest + 0.06  # which counts whole passes


def test_epochs_stay_epochs() -> None:
    two = course(a=Phase(epochs=30), b=Phase(steps=2500))
    made = fit_phases(two, "epochs", 8)
    assert {name: (phase.epochs, phase.steps) for name, phase in made.items()} == {
        "a": (6, None),
        "b": (2, None),
    }
    with pytest.raises(UserError, match=r"^1 epochs are too few for 2 phases, .* write steps: N$"):
        fit_phases(two, "epochs", 1)


def test_samples_are_counted_only_where_steps_and_epochs_meet() -> None:
    def refused(name: str) -> int:
        raise AssertionError(name)

    made = fit_phases(Course({"main": Phase(steps=10)}, refused), "steps", 5)
    assert made["main"].steps == 5
    made = fit_phases(Course({"main": Phase(epochs=10)}, refused), "epochs", 5)
    assert made["main"].epochs == 5


def test_a_recipe_says_what_became_of_it() -> None:
    source = read_source("quickstart_hd")
    recipe = parse(Recipe, source)
    place = Place("mine.yaml", 3)
    made = fit_source(source, Course(recipe.phases, lambda name: 250), "steps", 450, place)
    assert made.notes[-1] == (
        "budget: 450 steps in place of 4500: coarse {steps: 200, schedule: {hold: 0.938, "
        "fall: 0.625}}, enhance {steps: 50}, joint {steps: 200, schedule: {hold: 0.938, "
        "fall: 0.625}}"
    )
    phases = parse(Recipe, made).phases
    assert [phase.steps for phase in phases.values()] == [200, 50, 200]
    assert phases["coarse"].size == (32, 32)
    assert made.place(("phases", "coarse", "steps")) == place
    assert fit_source(source, Course(recipe.phases, lambda name: 250), "epochs", 18, None) is source
