"""What a DUID is: AEMO's registration list, read (registration), merged over the years and stored (refresh)."""
