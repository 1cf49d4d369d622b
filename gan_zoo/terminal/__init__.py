"""What the command line prints: tables plain enough for a log, or data for scripts. No torch."""

from gan_zoo.terminal.component import print_component
from gan_zoo.terminal.listing import print_list, print_plugins
from gan_zoo.terminal.results import check_as_data, print_check, print_recipe, print_scores

__all__ = [
    "check_as_data",
    "print_check",
    "print_component",
    "print_list",
    "print_plugins",
    "print_recipe",
    "print_scores",
]
