"""Small parts of the page that more than one tab uses."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import solara


@solara.component_vue("files/heading.vue")
def Heading(text: str, takes_focus: bool):
    """A heading of a part that appears after a key was pressed: it takes the keyboard's place there, so that what is new is read next."""
