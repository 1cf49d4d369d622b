"""The tests of what ships with gan-zoo are the same whatever guests are installed beside it."""

from __future__ import annotations

import os

from gan_zoo.plugins import ONLY

os.environ[ONLY] = ""  # before anything asks for the zoo, and for every process that a test starts
