"""What every page shares: queries, adapters, formulas, colours."""
