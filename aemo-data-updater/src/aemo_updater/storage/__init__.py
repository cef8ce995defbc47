"""Where the rows are kept: parquet part files that are replaced whole, and a ledger of what was read."""
