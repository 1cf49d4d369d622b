"""What all sections of a recipe have in common that are no components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, Strict

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]  # a step of a path, part of a file name
Names = Annotated[tuple[str, ...], Strict(False)]


class Section(BaseModel):
    """A part of a recipe that is not a component."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    earlier: ClassVar[Mapping[str, Any]] = {}  # as of a Spec
    knows: ClassVar[str] = "known here are"  # how its keys are told to who wrote another one
    foreign: ClassVar[Mapping[str, str]] = {}  # key that others write -> what it is called here
