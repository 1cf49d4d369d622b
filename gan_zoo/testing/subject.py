"""What is checked, the list of checks, and how a failure speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.errors import ContractError
from gan_zoo.registry.zoo import Zoo


class Advice(AssertionError):
    """A failed check, told to the author of the component.

    Args:
        done: What was done.
        came: What came of it.
        expected: What was expected.
        cure: What to do.
    """

    def __init__(self, done: str, *, came: str, expected: str, cure: str) -> None:
        super().__init__(
            f"  done:     {done}\n  came:     {came}\n  expected: {expected}\n  cure:     {cure}"
        )


class NotAtHand(Exception):
    """The check needs data or weights that are not here; the message is their cure."""


class Subject:
    """A component under test.

    Args:
        spec: Its class.
        zoo: The components around it, itself included.
    """

    def __init__(self, spec: type[Spec], zoo: Zoo) -> None:
        self.spec = spec
        self.zoo = zoo

    def __str__(self) -> str:
        return f"{self.spec.kind} {self.zoo.name_of(self.spec)}"

    @cached_property
    def example(self) -> Any:
        """The spec that is built and run."""
        try:
            return self.spec.example()
        except (ValidationError, ContractError) as problem:
            raise Advice(
                f"{self.spec.__name__}.example(), the spec that the checks build and run",
                came=str(problem).replace("\n", " "),
                expected="a small spec",
                cure="override the classmethod example(): give the required options, small widths",
            ) from None

    def around(self, spec: Any) -> Subject:
        """The same component with these options for its example."""
        other = Subject(self.spec, self.zoo)
        other.example = spec
        return other

    def ready(self) -> Any:
        """The example, where all that it needs is at hand.

        Raises:
            NotAtHand: data or weights are absent.
        """
        if missing := self.example.missing():
            raise NotAtHand(f"{self} needs what is not here: {'; '.join(missing)}")
        return self.example


Check = Callable[[Any], None]


@dataclass(frozen=True)
class Case:
    """One check of one component, or of one plugin."""

    subject: Any
    title: str
    check: Check

    def __str__(self) -> str:
        return f"{self.subject}: {self.title}"

    def run(self) -> None:
        """Run it.

        Raises:
            Advice: it failed.
            NotAtHand: it cannot be run here.
        """
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # everything here is tiny; more would wait for each other
        try:
            with torch.random.fork_rng(devices=[]), trying(**UNFORESEEN):  # checks seed freely
                self.check(self.subject)
        finally:
            torch.set_num_threads(threads)


_CHECKS: list[tuple[type[Spec], str, Check]] = []


def check(*kinds: str) -> Callable[[Check], Check]:
    """Add a function to the checks of these kinds, of all where none is named.

    Its name, in words, is the title.
    """

    def add(function: Check) -> Check:
        for kind in kinds or KINDS:
            _CHECKS.append((KINDS[kind], function.__name__.replace("_", " "), function))
        return function

    return add


def cases(specs: Iterable[type[Spec]], zoo: Zoo) -> Iterator[Case]:
    """Every check of every one of these components."""
    for spec in specs:
        subject = Subject(spec, zoo)
        for kind, title, function in _CHECKS:
            if issubclass(spec, kind):
                yield Case(subject, title, function)


def checks(kind: str) -> dict[str, str]:
    """What is checked of a kind: title -> what it means, in a line."""
    return {
        title: " ".join((function.__doc__ or "").partition("\n\n")[0].split())
        for of, title, function in _CHECKS
        if of is KINDS[kind]
    }


@contextmanager
def trying(done: str, *, expected: str, cure: str) -> Iterator[None]:
    """Whatever the component raises inside becomes advice, with the traceback kept below it."""
    try:
        yield
    except (Advice, NotAtHand, KeyboardInterrupt):
        raise
    except Exception as problem:
        raise Advice(done, came=format_problem(problem), expected=expected, cure=cure) from problem


def format_problem(problem: Exception) -> str:
    """An exception in one line."""
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}"


UNFORESEEN = {
    "done": "ran the check on the example and its variants",
    "expected": "no exception",
    "cure": "see where the traceback starts",
}
