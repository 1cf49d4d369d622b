"""A closer look at one sample."""

from __future__ import annotations

from gan_zoo.report.markup import Html, tag


def show_closer_look() -> Html:
    """The dialog with two pictures of a sample, one over the other, and a wiper between them."""

    def choice(side: str, told: str) -> Html:
        id = f"look-{side}"
        return tag("div", tag("label", told, for_=id), tag("select", id=id))

    def slider(id: str, told: str, **range_: object) -> Html:
        return tag("div", tag("label", told, for_=id), tag("input", type="range", id=id, **range_))

    close = tag("button", "Close", type="button", id="look-close")
    stage = tag(
        "div",
        tag(
            "div",
            tag("img", id="look-under", alt=""),
            tag("img", id="look-over", alt=""),
            tag("div", class_="wiper", aria_hidden="true"),
            class_="stage",
        ),
        class_="pan",
        tabindex=0,
        role="group",
        aria_label="The two pictures; arrow keys move what is larger than its frame",
    )
    return tag(
        "dialog",
        tag(
            "div",
            tag("h2", "", id="look-title"),
            close,
            class_="title",
        ),
        tag("div", choice("left", "Left"), choice("right", "Right"), class_="controls"),
        tag(
            "div",
            slider("look-wipe", "Wiper", min=0, max=100, value=50, step=1),
            slider("look-zoom", "Zoom", min=1, max=8, value=1, step=0.5),
            class_="controls",
        ),
        stage,
        id="look",
        aria_labelledby="look-title",
    )
