"""The interconnectors: their limits over time, how a flow between two regions is shared out, and what is lost."""

from dataclasses import dataclass

import numpy as np

from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.replica.simulation.clearing import PARENTS
from aemo_updater.replica.simulation.model import ENDS, Array
from aemo_updater.replica.simulation.noise import Minutes, before_too, eased, smooth, spells


@dataclass(frozen=True)
class Link:
    """What an interconnector can carry in MW and how it loses."""

    export: float
    export_spread: float
    importing: float
    import_spread: float
    loss: float
    """Losses are this many MW per MW², as fitted to TradingIS of May and June 2025."""
    loss_from: float
    """The share of the losses that the first region bears."""


LINKS = {
    "N-Q-MNSP1": Link(65, 35, -120, 35, 2.0e-3, 0.67),
    "NSW1-QLD1": Link(470, 110, -1060, 130, 6.6e-5, 0.67),
    "T-V-MNSP1": Link(540, 40, -462, 12, 1.04e-4, 1.0),
    "V-S-MNSP1": Link(165, 30, -125, 30, 1.2e-3, 0.82),
    "V-SA": Link(570, 45, -530, 60, 1.22e-4, 0.82),
    "VIC1-NSW1": Link(880, 240, -430, 210, 7.5e-5, 0.66),
}
COUNTER_FLOW = {"N-Q-MNSP1": 0.3, "V-S-MNSP1": 0.12, "VIC1-NSW1": 0.05}
"""Links on which a constraint now and then asks for a flow backwards, and by what part of the import limit at least."""
CUT_OFF = 0.95
"""The part of a limit that is gone where it is scarce: the line that fails is what makes such an evening."""
ROOM = 2.0
"""MW between the two limits at the least."""


def limits(seed: int, minutes: Minutes, scarce: Array) -> tuple[Array, Array]:
    """EXPORTLIMIT and IMPORTLIMIT in MW, as signed flows, by interval and interconnector.

    ``scarce`` is of `offers.scarcity`: less can be brought to where it is.
    """
    names = INTERCONNECTORS
    slow = smooth(seed, "limits", minutes, 7 * 60, 2 * len(names)) * 0.8 + smooth(
        seed, "limits of an hour", minutes, 35, 2 * len(names)
    ) * np.sqrt(1 - 0.8**2)
    export = np.column_stack([LINKS[n].export + LINKS[n].export_spread * slow[:, i] for i, n in enumerate(names)])
    importing = np.column_stack(
        [LINKS[n].importing + LINKS[n].import_spread * slow[:, len(names) + i] for i, n in enumerate(names)]
    )
    sender, receiver = (scarce[:, [REGIONS.index(ENDS[n][end]) for n in names]] for end in (0, 1))
    export = np.where(export > 0, export * (1 - CUT_OFF * receiver), export)
    importing = np.where(importing < 0, importing * (1 - CUT_OFF * sender), importing)
    # neither comes at once: the plant behind a line could not follow
    wide = before_too(minutes)
    back = eased(spells(seed, "counter-flow", wide, slot=3 * 1440, chance=0.2, length=(30, 400), size=len(names)))
    forced = importing * np.array([COUNTER_FLOW.get(n, 0.0) for n in names])
    export = np.where(forced < 0, (1 - back) * export + back * forced, export)
    importing = np.minimum(importing, export - ROOM)
    # the cable under Bass Strait is out for days
    out = eased(spells(seed, "Basslink", wide, slot=60 * 1440, chance=0.3, length=(6 * 60, 5 * 1440), size=1))
    basslink = names.index("T-V-MNSP1")
    export[:, basslink] *= 1 - out[:, 0]
    importing[:, basslink] *= 1 - out[:, 0]
    return np.round(export, 5), np.round(importing, 5)


def bounds(export: Array, importing: Array) -> tuple[Array, Array]:
    """Least and most that each region can send to its parent, from the limits of the links between them."""
    least, most = np.zeros((len(export), len(REGIONS))), np.zeros((len(export), len(REGIONS)))
    for i, name in enumerate(INTERCONNECTORS):
        child, forward = _child(name)
        r = REGIONS.index(child)
        least[:, r] += importing[:, i] if forward else -export[:, i]
        most[:, r] += export[:, i] if forward else -importing[:, i]
    return least, most


def flows(sent: Array, export: Array, importing: Array) -> Array:
    """MWFLOW by interconnector: of two links between the same regions each is as far between its limits."""
    least, most = bounds(export, importing)
    flow = np.empty_like(export)
    for i, name in enumerate(INTERCONNECTORS):
        child, forward = _child(name)
        r = REGIONS.index(child)
        width = most[:, r] - least[:, r]
        part = np.divide(sent[:, r] - least[:, r], width, out=np.zeros(len(sent)), where=width > 0)
        if not forward:
            part = 1 - part
        flow[:, i] = importing[:, i] + part * (export[:, i] - importing[:, i])
    return np.asarray(np.clip(flow.round(5), importing, export), dtype=np.float64)


def losses(flow: Array) -> Array:
    """MWLOSSES by interconnector."""
    lost: Array = flow**2 * np.array([LINKS[n].loss for n in INTERCONNECTORS])
    return lost.round(5)


def net_interchange(flow: Array, lost: Array) -> tuple[Array, Array]:
    """By region, in MW: what it sends out net of what it receives, its share of the losses with it; and that share."""
    out, share = np.zeros((len(flow), len(REGIONS))), np.zeros((len(flow), len(REGIONS)))
    for i, name in enumerate(INTERCONNECTORS):
        sender, receiver = (REGIONS.index(r) for r in ENDS[name])
        out[:, sender] += flow[:, i]
        out[:, receiver] -= flow[:, i]
        share[:, sender] += LINKS[name].loss_from * lost[:, i]
        share[:, receiver] += (1 - LINKS[name].loss_from) * lost[:, i]
    return out + share, share


def _child(name: str) -> tuple[str, bool]:
    """Which end of a link is the child in the tree of regions, and whether positive flow leaves it."""
    sender, receiver = ENDS[name]
    return (sender, True) if PARENTS.get(sender) == receiver else (receiver, False)
