"""Sentences for readers in three languages, and numbers as each language writes them."""
