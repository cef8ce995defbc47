"""The view "Net import": what flows into each region, and what it imported and exported."""

from dataclasses import replace

import pandas as pd

from aemo_dashboard.shared import flows_adapter, transmission_adapter
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Table, Words
from aemo_dashboard.shared.formulas import net_import_signs
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.looks import HEADING
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import LINE_COLOURS, REGION_COLOURS, Theme
from aemo_dashboard.transmission import drawn
from aemo_dashboard.transmission.data import NetImport, load_net_import, way

HEIGHT, PARTS_HEIGHT = 400, 280
COLUMNS = (
    Column("region", "Region"),
    Column("mean_mw", "Mean net import [MW]", 1),
    Column("import_gwh", "Imported [GWh]", 3),
    Column("export_gwh", "Exported [GWh]", 3),
    Column("net_gwh", "Net import [GWh]", 3),
    Column("hours", "Hours with data [h]", 1),
)

COARSER = (
    " A half hour in which the flow turns counts with its mean, as import or as export: by 5 minutes both would be a "
    "little larger, and their difference the same."
)


def show(queries: QueryManager, asked: Asked, _: Chosen, theme: Theme) -> Content:
    """Net import of every region, or of one with its interconnectors below."""
    view = load_net_import(queries, asked)
    heading = Words(
        "heading", drawn.window_words(asked.region, view.window) + _split_words(view) + _sum_words(view), HEADING
    )
    if view.mw.empty or view.mw.isna().all(axis=None):
        sentence = f"Nothing is stored of interconnectors for {asked.region} in this window."
        return Content((heading, drawn.notes(view.notes)), sentence)
    table = Table("net-imports", view.table, COLUMNS)
    return Content(
        (heading, chart(queries, view, asked.region, theme), table, drawn.notes(view.notes, *_explained(view)))
    )


def _sum_words(view: NetImport) -> str:
    """That the five regions sum to nothing, checked in the numbers that are drawn."""
    whole = view.mw.dropna()
    if len(view.mw.columns) < 2 or whole.empty:
        return ""
    most = float(whole.sum(axis="columns").abs().max())
    return f" · the {len(view.mw.columns)} regions' net imports sum to zero at every point (within {most:.3f} MW)"


def _split_words(view: NetImport) -> str:
    return f" · import and export split by {drawn.stored_words(view.window)}"


def _explained(view: NetImport) -> tuple[str, ...]:
    stored = drawn.stored_words(view.window)
    turned = "" if view.window.resolution.stored == FIVE.stored else COARSER
    return (
        "Net import: the sum of metered flows into a region minus those out of it, import positive, without losses. "
        f"Imported and exported energy are split by the sign of each {stored}'s net import, before any averaging; "
        f"where gaps are filled from the other resolution, by the sign of its intervals.{turned}",
    )


def chart(queries: QueryManager, view: NetImport, region: str, theme: Theme) -> Chart:
    """Lines of the regions; one region has its interconnectors below, and at daily resolution its extremes."""
    daily = view.window.resolution is DAILY
    what = "daily mean net import" if daily else "net import"
    frame = view.mw.rename(columns=lambda one: f"net_{one}")
    single = region != NEM_REGION
    low = high = None
    if single and daily:
        frame = pd.concat(
            [frame, transmission_adapter.extremes(queries, view.window, region)], axis="columns", sort=False
        )
        low, high = "least_mw", "greatest_mw"
    lines = tuple(
        Line(f"net_{one}", f"{one} {what}", REGION_COLOURS.get(str(one), theme.text), "MW", low=low, high=high)
        for one in view.mw.columns
    )
    panes = [Pane("MW", lines, f"{what.capitalize()} [MW], import positive", HEIGHT)]
    if single:
        parts = _parts(queries, view, region)
        frame = pd.concat(
            [frame, parts.rename(columns=lambda name: f"via_{drawn.safe(name)}")], axis="columns", sort=False
        )
        via = tuple(
            Line(f"via_{drawn.safe(name)}", f"{name} ({way(name)})", colour, "MW")
            for name, colour in zip(parts.columns, LINE_COLOURS, strict=False)
        )
        panes.append(Pane("MW", via, f"By interconnector [MW], into {region} positive", PARTS_HEIGHT))
    made = time_chart("net-import", frame, view.window, theme, panes, shape=region)
    exported = frame.rename(columns=lambda key: key if key.endswith("_mw") else f"{key}_mw")
    return replace(made, exported=exported.rename_axis("settlementdate").reset_index())


def _parts(queries: QueryManager, view: NetImport, region: str) -> pd.DataFrame:
    """A column an interconnector of the region: sign × flow [MW]."""
    flows = flows_adapter.load(queries, view.window)
    signs = net_import_signs(region)
    return pd.DataFrame(
        {name: signs[name] * flows.of(name)["flow_mw"] for name in flows.names if name in signs},
        index=view.window.stamps,
    )
