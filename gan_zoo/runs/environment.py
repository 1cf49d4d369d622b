"""What a run remembers of the world it was started in, so that a later one can be compared."""

from __future__ import annotations

import datetime
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.process import describe_process

OURS = "gan-zoo"
PACKAGES = (OURS, "torch", "torchvision", "numpy", "pillow", "pydantic")


def describe_environment(computing: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the numbers of a run depend on beside its recipe.

    Args:
        computing: On what and in which numbers, where the recipe says auto.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {package: metadata.version(package) for package in PACKAGES},
        "computing": dict(computing or {}),
        "process": describe_process(),
    }


def describe_start() -> dict[str, Any]:
    """When, and by which command."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"started": now, "command": sys.argv}


def describe_memory(device: str) -> dict[str, int]:
    """The most bytes that were held so far: by torch on a GPU, and by this process; what the system
    does not tell is left out.

    Args:
        device: Where the run computes, as torch names it.
    """
    told = {}
    if device.startswith("cuda"):
        import torch

        told["device_bytes"] = torch.cuda.max_memory_allocated(device)
    if (held := _most_held()) is not None:
        told["process_bytes"] = held
    return told


def _most_held() -> int | None:
    """The most bytes that this process held. Linux keeps what getrusage tells across exec, so that
    a child would tell of the parent that it was forked from.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def list_plugins(recipe: Recipe) -> list[dict[str, str]]:
    """The plugins whose components a recipe names."""
    zoo = Zoo.installed()
    used = {zoo.owner(type(spec)) for spec in recipe.components().values()}
    named = sorted({(p.name, p.package, p.version) for p in used if p})
    return [{"plugin": n, "package": p, "version": v} for n, p, v in named]


def versions_of(plugins: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Package -> version, of plugins as `list_plugins` gives them."""
    return {plugin["package"]: plugin["version"] for plugin in plugins}


def describe_guests(file: Path) -> str:
    """The packages beside gan-zoo that a run was made with, of its plugins.json, as a line more of
    a message; empty where there are none, or the file cannot be read.
    """
    try:
        told = versions_of(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    made = ", ".join(f"{package} {version}" for package, version in told.items() if package != OURS)
    return f"\nThe run was made with {made}" if made else ""


def describe_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is different now, as `torch 2.6.0 -> 2.7.0`; what was not recorded is left out."""
    found = []
    for key, value in now.items():
        if isinstance(value, Mapping):
            found += describe_changes(before.get(key, {}), value)
        elif key in before and before[key] != value:
            found.append(f"{key} {before[key]} -> {value}")
    return found
