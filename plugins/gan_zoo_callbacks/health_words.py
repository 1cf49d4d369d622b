"""What health says: one sentence a cause, with one change of the recipe that may help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """Something that two witnesses agree on.

    Args:
        cause: In a word, once a phase.
        sentence: What is seen.
        change: Dotted key of the recipe that the cure changes, and to what; empty of a mere note.
    """

    cause: str
    sentence: str
    change: tuple[str, Any] | None = None

    @property
    def cure(self) -> str:
        """The change as an option of `gan-zoo run`."""
        if self.change is None:
            return ""
        key, value = self.change
        return f"--set {key}={_plain(value)}"


class Cures:
    """Changes to a resolved recipe.

    Args:
        recipe: As the run's folder has it, plain data.
        phase: The phase that is played.
        epoch: Of it.
        step: Of the run.
        phase_step: Of the phase.
    """

    def __init__(
        self, recipe: Mapping[str, Any], phase: str, epoch: int, step: int, phase_step: int
    ) -> None:
        self.recipe = recipe
        self.phase = phase
        self.epoch = epoch
        self.step = step
        self.phase_step = phase_step

    def slower(self, player: str) -> tuple[str, Any] | None:
        """A quarter of a player's learning rate."""
        rate = self._at(f"optimizers.{player}.lr")
        return None if rate is None else (f"optimizers.{player}.lr", _rounded(rate / 4))

    def pace(self, player: str) -> float | None:
        """A player's learning rate, over the largest of the others."""
        rates = {name: self._at(f"optimizers.{name}.lr") for name in self.recipe["optimizers"]}
        others = [rate for name, rate in rates.items() if name != player and rate]
        own = rates.get(player)
        return own / max(others) if own and others else None

    def weight(self, loss: str, factor: float) -> tuple[str, Any] | None:
        """Another weight of a loss."""
        key = f"losses.{loss}.weight"
        weight = self._at(key)
        return None if weight is None else self._where_free(key, _rounded(weight * factor))

    def shorter(self) -> tuple[str, Any]:
        """The phase ends where it is now."""
        if self._at(f"phases.{self.phase}.epochs") is not None:
            return f"phases.{self.phase}.epochs", max(1, self.epoch - 1)
        return f"phases.{self.phase}.steps", self.phase_step

    def more_data(self) -> tuple[str, Any]:
        """Mirrored samples where there are none yet, else an earlier end."""
        flipped = self._where_free("data.flip", 0.5) if self._at("data.flip") == 0 else None
        return flipped or self.shorter()

    def smooth(self) -> tuple[str, Any] | None:
        """An upsampling without a pattern of its own."""
        plays = self._at(f"phases.{self.phase}.play") or "generator"
        for key in (f"{plays}.upsampling", "generator.coarse.upsampling"):
            if self._at(key) == "transposed":
                return self._where_free(key, "nearest")
        return None

    def bound(self) -> tuple[str, Any] | None:
        """Something that ties the output to the input."""
        if self._at("discriminator.conditional") is False:
            return "discriminator.conditional", True
        if self._at("discriminator.each.conditional") is False:
            return "discriminator.each.conditional", True
        name = next((n for n, loss in self.recipe["losses"].items() if loss["use"] == "l1"), None)
        return ("losses.l1.use", "l1") if name is None else self.weight(name, 4)

    def looser(self) -> tuple[str, Any] | None:
        """A quarter of what ties the output to one target."""
        name = next((n for n, loss in self.recipe["losses"].items() if loss["use"] == "l1"), None)
        return None if name is None else self.weight(name, 0.25)

    def stopped(self, metric: str) -> tuple[str, Any]:
        """A phase that ends by itself where it gets no better."""
        return "validation.early_stop", {"metric": metric, "patience": 5}

    def _where_free(self, key: str, value: Any) -> tuple[str, Any] | None:
        """A change, unless the phase itself says the value, which would go before it."""
        said = (self._at(f"phases.{self.phase}") or {}).get("set") or {}
        return None if key in said else (key, value)

    def _at(self, path: str) -> Any:
        value: Any = self.recipe
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")


def _plain(value: Any) -> str:
    """As a shell takes it: mappings in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {_plain(one)}" for key, one in value.items())
        return f"'{{{inner}}}'"
    return f"{value:g}" if isinstance(value, float) else str(value)


def is_given_noise(recipe: Mapping[str, Any]) -> bool:
    """Whether the model is given noise: by a condition, or by dropout at inference."""
    by_condition = any(spec["use"] == "noise" for spec in recipe["conditions"].values())
    return by_condition or bool(recipe["inference"]["dropout"])
