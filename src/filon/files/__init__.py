"""Files attached to leads, accounts and opportunities."""
