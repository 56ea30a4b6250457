"""Households: illness and care, work, income, ties."""
