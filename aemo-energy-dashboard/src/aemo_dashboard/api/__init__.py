"""The HTTP interface: the same numbers as the pages, as JSON, CSV and Parquet."""
