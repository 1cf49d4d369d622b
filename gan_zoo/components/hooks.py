"""The markers of pluggy: `hookimpl` marks what a plugin answers, `hookspec` what it is asked.

# pyproject.toml of a plugin
[project.entry-points.gan_zoo]
hello = "gan_zoo_hello"

# gan_zoo_hello.py
from gan_zoo.components import hookimpl

@hookimpl
def gan_zoo_components():
    return [EdgesSpec]
"""

from __future__ import annotations

import pluggy

GROUP = "gan_zoo"  # of entry points, and pluggy's name of the project

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)
