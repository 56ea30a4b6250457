"""What a user did that the model cannot follow.

Every refusal that a user can cause is a :class:`UserError`: one sentence that says what was wrong, what was found and
what to do. The command line prints it without a traceback; the app shows it beside the control.
"""

from __future__ import annotations


class UserError(ValueError):
    """A refusal in one clear sentence, meant to be read by the user."""


class ManifestError(UserError):
    """A manifest that is incomplete, broken, or of another version or another region's data."""
