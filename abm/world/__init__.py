"""Where people live and what they reach: places and ways, facilities, workplaces and markets, the first people and their kin."""
