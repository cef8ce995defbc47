"""A read-only dashboard over the parquet files that aemo-data-updater keeps."""

__version__ = "0.1.0"
