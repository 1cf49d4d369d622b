"""One HTML file that needs nothing else: what every page has, whatever it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from gan_zoo.report.markup import Html, join, tag

POLICY = (  # nothing is fetched, whatever stands on the page
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


def make_document(
    title: str,
    sections: Mapping[str, object],
    *,
    unscripted: str,
    source: str,
    after: Sequence[Html | None] = (),
    styles: str = "",
) -> str:
    """The file.

    Args:
        title: Of the page.
        sections: Heading -> what stands under it, in order.
        unscripted: What is missing where scripts do not run.
        source: What it was made of.
        after: What the sections need: dialogs, data, scripts.
        styles: More of them than all pages share.
    """
    anchors = {name: name.lower().replace(" ", "-") for name in sections}
    links = [tag("a", name, href=f"#{anchor}") for name, anchor in anchors.items()]
    shown = [
        tag("section", tag("h2", name), parts, id=anchors[name]) for name, parts in sections.items()
    ]
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("nav", links, aria_label="Sections")),
        tag("noscript", tag("p", unscripted)),
        tag("main", shown),
        tag("footer", tag("p", f"Made by gan-zoo from {source} alone.", class_="note")),
        after,
    )
    return join(
        [Html("<!doctype html>\n"), tag("html", _head(title, styles), body, lang="en"), "\n"]
    )


def _head(title: str, styles: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} - gan-zoo"),
        tag("style", Html(read_asset("report.css") + styles)),
    )


def read_asset(name: str, package: str = "gan_zoo.report") -> str:
    """A stylesheet or script that lies beside a module."""
    return (files(package) / name).read_text(encoding="utf-8")
