"""What a user did that the model cannot follow.

Every refusal that a user can cause is a :class:`UserError`: one sentence that says what was wrong, what was found and
what to do. The command line prints it without a traceback; the app shows it beside the control.
"""

from __future__ import annotations


class UserError(ValueError):
    """A refusal in one clear sentence, meant to be read by the user."""


class ManifestError(UserError):
    """A manifest that is incomplete, broken, or of another version or another region's data."""


def shorten(value: object, length: int = 100) -> str:
    """A text as one sentence can show it: in one line, bytes that are no text as their numbers, cut off where it is long."""
    text = " ".join(str(value).encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0").split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
