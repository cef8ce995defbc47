"""All rules. A new one is a module with a `Rule`, and its name here."""

from typing import Any

from aemo_updater.alerts.model import Rule
from aemo_updater.alerts.price_rule import PRICES

RULES: tuple[Rule[Any, Any], ...] = (PRICES,)
