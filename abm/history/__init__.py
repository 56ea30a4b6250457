"""What comes from outside: the series of the region by month, and the pay, prices and fees of every community made from them."""
