"""Who they are and how they decide: households, traders, officials. Knows no month, no model, no cluster."""
