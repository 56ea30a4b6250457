"""What does the paper say, and does a run show it? The claims as data, and the small interpreter of their patterns."""
