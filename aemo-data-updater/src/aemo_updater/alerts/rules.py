"""All rules, in the order in which they are asked. A new one is a module with a `Rule`, and its name here."""

from typing import Any

from aemo_updater.alerts.disk_rule import DISK
from aemo_updater.alerts.model import Rule
from aemo_updater.alerts.price_rule import PRICES
from aemo_updater.alerts.quarantine_rule import QUARANTINED
from aemo_updater.alerts.record_rule import RECORDS
from aemo_updater.alerts.source_rule import SOURCES
from aemo_updater.alerts.stale_rule import STALE
from aemo_updater.alerts.unit_rule import UNITS

RULES: tuple[Rule[Any, Any], ...] = (PRICES, UNITS, STALE, SOURCES, QUARANTINED, DISK, RECORDS)
