"""The interactive page: choose a history, run it, read it beside the paper (``lintas app``)."""
