"""Every component that is installed keeps to the contracts, by existing."""

from __future__ import annotations

from gan_zoo.testing import conformance

test_every_component = conformance()
