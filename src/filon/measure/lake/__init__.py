"""The lake: measure tables as Parquet that follow the ledger."""
