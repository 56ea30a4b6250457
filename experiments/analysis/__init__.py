"""What the rows of a study say: differences, indices, boxes."""
