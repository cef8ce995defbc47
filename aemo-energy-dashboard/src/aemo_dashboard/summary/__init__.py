"""The tab "Summary": a calendar month or year at a glance."""
