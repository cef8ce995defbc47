"""One module a subject: its stored tables and how AEMO's rows become theirs. No network, disk or clock."""
