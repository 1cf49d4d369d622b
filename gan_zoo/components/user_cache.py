"""Where what takes long to make is kept between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gan_zoo.components.paths import expand_user

VARIABLE = "GAN_ZOO_CACHE"


def cache_folder() -> Path:
    """$GAN_ZOO_CACHE, else gan-zoo in the system's folder for caches of this user."""
    if said := os.environ.get(VARIABLE):
        return expand_user(said)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "gan-zoo"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "gan-zoo"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan-zoo"
