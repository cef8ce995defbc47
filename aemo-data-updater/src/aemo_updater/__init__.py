"""Collects Australia's electricity market data from NEMWEB into parquet, without holes."""
