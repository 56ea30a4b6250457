"""The ledger of the paper's claims: which worlds are run for them, and what the runs say of each claim."""
