"""What comes from outside: the series of the region by month, and what they bring to every community."""
