"""Studies that feed a calibration: populations, fit, checks, adoption."""
