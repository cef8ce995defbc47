"""The series that MW are summed under: their order in a stack, and the two signs of one thing."""

# Merit order, from the axis up: what costs nothing to run first, peaking plant last; imports close the gap.
MERIT_ORDER = (
    "Solar",
    "Rooftop Solar",
    "Wind",
    "Biomass",
    "Coal",
    "Gas",
    "Hydro",
    "Battery discharge",
    "Distillate",
    "Unknown",
    "Net import",
)
BELOW_AXIS = ("Load", "Battery charge", "Net export")
SIDES = {  # the two signs of one thing: one entry in legends, two series in numbers
    "Battery discharge": "Battery Storage",
    "Battery charge": "Battery Storage",
    "Net export": "Net import",
}
UNIT_SERIES = tuple(
    name for name in (*MERIT_ORDER, *BELOW_AXIS) if name not in ("Rooftop Solar", "Net import", "Net export")
)
"""The series that units make."""


def in_order(series: list[str]) -> list[str]:
    """In merit order; series that nobody has put into an order come before the imports."""
    others = sorted(set(series) - set(MERIT_ORDER) - set(BELOW_AXIS))
    order = [*MERIT_ORDER[:-1], *others, MERIT_ORDER[-1], *BELOW_AXIS]
    return [name for name in order if name in series]
