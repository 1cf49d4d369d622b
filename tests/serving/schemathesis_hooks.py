"""For schemathesis: what OpenAPI cannot say of a body, that it is a picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import strategies
from PIL import Image

from gan_zoo.serving.kinds import BODIES


@strategies.composite
def pictures(draw: Callable[..., Any]) -> bytes:
    """Grey pictures of up to 80 x 80 in one shade."""
    width, height = (draw(strategies.integers(1, 80)) for _ in range(2))
    format = draw(strategies.sampled_from(["PNG", "TIFF", "BMP", "PPM"]))
    data = io.BytesIO()
    Image.new("L", (width, height), draw(strategies.integers(0, 255))).save(data, format=format)
    return data.getvalue()


for kind in BODIES:
    schemathesis.openapi.media_type(kind, pictures())
schemathesis.openapi.format("binary", pictures())
