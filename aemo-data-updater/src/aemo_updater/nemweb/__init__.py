"""NEMWEB: what is there (reports, listing), how to get it (client) and how to read it (mms)."""
