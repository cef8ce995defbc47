"""From AEMO's registration fields to a fuel: one table of rules, the first that fits decides.

Only the registration's own fields are asked, never a name: Loy Yang B is coal because its descriptor says so. Decided:

- A battery is `Battery Storage` whatever it stands next to (the descriptor then says `Grid`, `Wind` or `Solar`), and
  also as the separate charging DUID that lists before 2024 have; `Unit.dispatch_type` tells which of the two it is.
- Every other `Load` is `Load`: the pumps have no fuel in most lists, and `Water` in some.
- Gas from a coal seam or a coal mine is `Gas`. Gas from landfill, sewage or sludge and burnt bagasse is `Biomass`.
- Two fuels in one descriptor: gas with diesel or oil is `Gas`, bagasse with diesel is `Biomass`.
- Solar with a battery behind the same DUID is what it is registered as: `Solar`.
- Nothing fits (Basslink is registered without a fuel): `Unknown`.
"""

import re
from dataclasses import dataclass

UNKNOWN = "Unknown"
FUEL_TYPES = (
    "Coal",
    "Gas",
    "Distillate",
    "Hydro",
    "Wind",
    "Solar",
    "Biomass",
    "Battery Storage",
    "Load",
    UNKNOWN,
)


@dataclass(frozen=True)
class Rule:
    """A fuel, and what the registration fields must contain for it: regular expressions, any case, all must fit."""

    fuel_type: str
    fuel_detail: str = ""
    dispatch: str = ""
    primary: str = ""
    descriptor: str = ""
    technology: str = ""


RULES = (
    Rule("Battery Storage", technology=r"\bbatter"),
    Rule("Battery Storage", primary=r"\bbatter"),
    Rule("Load", dispatch=r"^load$"),
    Rule("Coal", "Black Coal", descriptor=r"\bblack coal\b"),
    Rule("Coal", "Brown Coal", descriptor=r"\b(brown coal|lignite)\b"),
    Rule("Biomass", "Bagasse", descriptor=r"\bbagasse\b"),
    Rule("Biomass", "Landfill Gas", descriptor=r"\blandfill\b"),
    Rule("Biomass", "Sewage Gas", descriptor=r"\b(sewerage|sewage|sludge|waste water)\b"),
    Rule("Biomass", primary=r"\b(biomass|waste)\b"),
    # 'Natrual Gas/ Diesel' is one of the spellings, so only the word gas is asked for.
    Rule("Gas", "CCGT", descriptor=r"\b(gas|methane|ethane)\b", technology=r"\b(ccgt|combined cycle)\b"),
    Rule("Gas", "OCGT", descriptor=r"\b(gas|methane|ethane)\b", technology=r"\b(ocgt|open cycle)\b"),
    Rule("Gas", "Gas other", descriptor=r"\b(gas|methane|ethane)\b"),
    Rule("Distillate", "Diesel", descriptor=r"\b(diesel|distillate)\b"),
    Rule("Distillate", "Kerosene", descriptor=r"\bkerosene\b"),
    Rule("Distillate", "Fuel Oil", descriptor=r"\bfuel oil\b"),
    Rule("Hydro", "Pumped Hydro", primary=r"^hydro\b", technology=r"\bpump"),
    Rule("Hydro", primary=r"^hydro\b"),
    # One list has a river power station under 'Solar'; its technology is right.
    Rule("Hydro", technology=r"^hydro\b"),
    Rule("Solar", "Solar Thermal", primary=r"^solar\b", technology=r"\bthermal\b"),
    Rule("Solar", primary=r"^solar\b"),
    Rule("Wind", primary=r"^wind\b"),
)


def classify(dispatch: str, primary: str, descriptor: str, technology: str) -> tuple[str, str]:
    """Fuel type and detail of one registered row; `(UNKNOWN, "")` where no rule fits."""
    for rule in RULES:
        asked = (
            (rule.dispatch, dispatch),
            (rule.primary, primary),
            (rule.descriptor, descriptor),
            (rule.technology, technology),
        )
        if all(not pattern or re.search(pattern, value, re.IGNORECASE) for pattern, value in asked):
            return rule.fuel_type, rule.fuel_detail
    return UNKNOWN, ""
