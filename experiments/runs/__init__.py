"""One run of the model, its folder, its manifest and the runs of a posterior's draws."""
