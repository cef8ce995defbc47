"""Prices of NSW1 from noon on, interval by interval, and what is told of them, word by word."""

from datetime import datetime

NOON = datetime(2026, 11, 20, 12, 0)
HIGH = "NSW1 price high: $1,523.40/MWh in the interval to 12:05 Fri 20 Nov, NEM time"
EXTREME = "NSW1 price EXTREME: $15,300.00/MWh in the interval to 12:05 Fri 20 Nov, NEM time"
PATHS = {
    "nothing to say": ([80, 999.99, 300, -1_000, 80], []),
    "high, and recovered": (
        [80, 1_523.4, 900, 299.99, 80],
        [
            HIGH,
            "NSW1 price recovered: $299.99/MWh in the interval to 12:15 Fri 20 Nov, NEM time; high for 10 min, "
            "peak $1,523.40 at 12:05",
        ],
    ),
    "exactly at each threshold": (
        [80, 1_000, 300, 10_000, 299],
        [
            "NSW1 price high: $1,000.00/MWh in the interval to 12:05 Fri 20 Nov, NEM time",
            "NSW1 price now EXTREME: $10,000.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time; high since 12:05",
            "NSW1 price recovered: $299.00/MWh in the interval to 12:20 Fri 20 Nov, NEM time; high for 15 min, "
            "peak $10,000.00 at 12:15",
        ],
    ),
    "extreme at once": (
        [80, 15_300, 20_300, -1_000],
        [
            EXTREME,
            "NSW1 price recovered: -$1,000.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time; high for 10 min, "
            "peak $20,300.00 at 12:10",
        ],
    ),
    "high, then extreme": (
        [80, 1_523.4, 15_300, 15_300, 40],
        [
            HIGH,
            "NSW1 price now EXTREME: $15,300.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time; high since 12:05",
            "NSW1 price recovered: $40.00/MWh in the interval to 12:20 Fri 20 Nov, NEM time; high for 15 min, "
            "peak $15,300.00 at 12:10",
        ],
    ),
    "flapping around the high threshold": (
        [80, 1_523.4, 900, 1_100, 400, 1_200, 301, 5_000, 299],
        [
            HIGH,
            "NSW1 price recovered: $299.00/MWh in the interval to 12:40 Fri 20 Nov, NEM time; high for 35 min, "
            "peak $5,000.00 at 12:35",
        ],
    ),
    "two episodes": (
        [80, 1_523.4, 100, 1_600, 100],
        [
            HIGH,
            "NSW1 price recovered: $100.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time; high for 5 min, "
            "peak $1,523.40 at 12:05",
            "NSW1 price high: $1,600.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time",
            "NSW1 price recovered: $100.00/MWh in the interval to 12:20 Fri 20 Nov, NEM time; high for 5 min, "
            "peak $1,600.00 at 12:15",
        ],
    ),
}
