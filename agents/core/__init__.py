"""What every rule is written with: declarations, frames, views, draws."""
