"""The interactive page: choose a history, run it, compare it with the paper (``lintas app``)."""
