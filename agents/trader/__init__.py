"""Traders: which deal, by which channel, and what comes of it."""
