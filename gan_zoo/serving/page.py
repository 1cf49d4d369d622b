"""The page that a service shows to people: what it is, and a form. It asks nobody else."""

from __future__ import annotations

from html import escape

from gan_zoo.serving.model import ServedModel

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}label{display:block;margin:.6rem 0}button{font:inherit}"
)


def write_page(model: ServedModel, *, token: bool) -> str:
    """The page.

    Args:
        model: That is served.
        token: Whether requests need a token, which no form can send.
    """
    name = escape(model.name)
    rows = "".join(
        f'<label>{escape(one)} <input type="file" name="{escape(one)}" accept="image/*" required>'
        "</label>"
        for one in model.maps
    )
    form = (
        f'<form method="post" action="/translate" enctype="multipart/form-data">{rows}'
        "<button>Translate</button></form>"
    )
    if token:
        form = "<p>Requests need the token of this service, which a form cannot send.</p>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style><main><h1>{name}</h1>"
        f"<p>A model of gan-zoo that translates {escape(', '.join(model.maps))} to "
        f"{escape(model.translator.target)}: {escape(model.translator.describe())}.</p>{form}"
        '<p>For programs: <a href="/openapi.json">openapi.json</a>, <a href="/model">model</a>, '
        '<a href="/health">health</a>.</p></main></html>'
    )
