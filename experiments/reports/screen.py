"""Where is a table for the screen printed? Standard output, as wide as the terminal, and wide enough for a table where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """Standard output for tables and sentences, taken as they are (no markup, nothing highlighted)."""
    from rich.console import Console

    shown = Console(highlight=False, markup=False)
    if not shown.is_terminal:
        shown.width = max(shown.width, 110)
    return shown
