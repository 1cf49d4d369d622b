"""The license of a model, in the words of hubs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gan_zoo.errors import UserError, near_misses

OTHER = "other"
WEB = re.compile(r"https?://[^\s()<>\[\]]+", re.IGNORECASE)

# Identifiers that the hub knows, without those of single language models.
LICENSES = (
    *("apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "isc"),
    *("cc0-1.0", "cc", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0"),
    *("cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0"),
    *("cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0"),
    *("cc-by-nc-sa-4.0", "openrail", "creativeml-openrail-m", "bigscience-openrail-m"),
    *("bigcode-openrail-m", "openrail++", "gpl", "gpl-2.0", "gpl-3.0", "agpl-3.0", "lgpl"),
    *("lgpl-2.1", "lgpl-3.0", "mpl-2.0", "epl-1.0", "epl-2.0", "eupl-1.1", "eupl-1.2", "ecl-2.0"),
    *("afl-3.0", "artistic-2.0", "bsl-1.0", "cdla-sharing-1.0", "cdla-permissive-1.0"),
    *("cdla-permissive-2.0", "c-uda", "etalab-2.0", "gfdl", "lppl-1.3c", "ms-pl", "ncsa"),
    *("odbl", "odc-by", "ofl-1.1", "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl", "zlib"),
)


@dataclass(frozen=True)
class License:
    """What others may do with a model.

    Args:
        id: An identifier that hubs know, or other.
        link: Where the text of another is.
    """

    id: str
    link: str | None = None

    def head(self) -> dict[str, str]:
        """What the head of a card says of it."""
        if self.link is None:
            return {"license": self.id}
        name = self.link.rstrip("/").rpartition("/")[2]
        return {"license": OTHER, "license_name": name, "license_link": self.link}

    def __str__(self) -> str:
        return f"`{self.id}`" if self.link is None else f"[{self.link}]({self.link})"


def judge_license(said: str | None, link: str | None = None) -> License:
    """The license that the author says; no model is handed on without one.

    Args:
        said: An identifier, or other.
        link: The address of the text of another.

    Raises:
        UserError: none was said, it is no identifier, or another has no address.
    """
    if said is None:
        raise UserError(
            "what may others do with the model? Say its license, as --license apache-2.0; what the "
            "data that it learned from allows is for you to judge"
        )
    name = said.strip().lower()
    if name == OTHER or link is not None:
        if name != OTHER or link is None or not WEB.fullmatch(link):
            came = f"license {said} with the link {link}" if link else "license other came alone,"
            raise UserError(
                f"{came} {'came; ' if link else 'which tells nobody anything; '}say one that hubs "
                "know, or --license other --license-link https://..., where its text is"
            )
        return License(OTHER, link)
    if name not in LICENSES:
        near = near_misses(name, LICENSES)
        meant = f"was {' or '.join(near)} meant? " if near else ""
        raise UserError(
            f"license {said} came, which hubs do not know; {meant}Known are {', '.join(LICENSES)}. "
            "For another: --license other --license-link https://..., where its text is"
        )
    return License(name)
