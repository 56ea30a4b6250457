"""Guided lessons: each asks for a prediction before it shows what the model gives, and ends in a file to hand in."""
