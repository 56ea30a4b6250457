"""What a user did that the model cannot follow.

Every refusal that a user can cause is a :class:`UserError`: one sentence that says what was wrong, what was found and
what to do. The command line prints it without a traceback; the app shows it beside the control.
"""

from __future__ import annotations

import os


class UserError(ValueError):
    """A refusal in one clear sentence, meant to be read by the user."""


class ManifestError(UserError):
    """A manifest that is incomplete, broken, or of another version or another region's data."""


#: Letters of a user's input that a message repeats at most.
MOST_ECHOED = 80


def shorten(value: object, length: int = MOST_ECHOED) -> str:
    """A text as one sentence can show it: in one line, bytes that are not text as their numbers, cut off where it is long.

    A long text loses its end, a long path its beginning.
    """
    try:
        text = str(value)
    except ValueError:  # a whole number of thousands of digits
        text = f"a number of {type(value).__name__} too long to show"
    is_path = isinstance(value, os.PathLike)
    text = text[-20 * length :] if is_path else text[: 20 * length]  # what lies beyond could not be shown
    text = " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    if len(text) <= length:
        return text
    return f"…{text[1 - length :]}" if is_path else f"{text[: length - 1]}…"
