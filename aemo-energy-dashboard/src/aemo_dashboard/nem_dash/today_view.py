"""The one view of "Today", top to bottom: prices, renewable share and map, generation and demand, flows, sources."""

import html
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from aemo_dashboard.generation.data import GenerationView, load_view
from aemo_dashboard.nem_dash import demand as demands
from aemo_dashboard.nem_dash import prices as price_rows
from aemo_dashboard.nem_dash.day import ByRegion, day_window
from aemo_dashboard.nem_dash.flows import FULL, HIGH, Flows, flow_table, load_flows
from aemo_dashboard.nem_dash.gauge import gauge
from aemo_dashboard.nem_dash.network import network
from aemo_dashboard.nem_dash.renewables import load_renewables
from aemo_dashboard.nem_dash.sources import source_table
from aemo_dashboard.nemtime import nem_now, spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.adapters import newest
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.charts.stacked import stack_chart
from aemo_dashboard.shared.content import Block, Chart, Content, Side, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import THIRTY, Window, fill_from_half_hours
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.status import freshness, sentences
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS
from aemo_dashboard.shared.theme import REGION_COLOURS, Theme

PRICE_HEIGHT, STACK_HEIGHT, DEMAND_HEIGHT = 360, 360, 210
SOURCES = "<b>Newest interval of each source</b> and its age against NEM time now."
CARD = {**looks.HEADING, "background": "var(--nem-surface)", "border-radius": "6px", "padding": "10px 12px"}


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The last 24 hours, whatever range is asked for; the region is that of generation, gauge and demand."""
    window = day_window(queries, asked)
    prices = price_rows.load_prices(queries, window)
    demand = demands.load_demand(queries, window)
    generation = _generation(queries, asked.region, window, demand)
    renewables = load_renewables(queries, generation)
    flows = load_flows(queries, window)
    said = sentences((*price_rows.notes(prices), *demands.notes(demand), *flows.notes, *generation.notes))
    share = Words("gauge", gauge(renewables, theme), CARD)
    stack = () if generation.mw.empty and demand.empty else (generation_chart(generation, demand, theme),)
    blocks: tuple[Block, ...] = (
        Words("heading", _heading(window), looks.HEADING),
        Words("prices-title", _price_title(prices), looks.HEADING),
        *((price_rows.price_table(prices), price_chart(prices, chosen.scale, theme)) if not prices.empty else ()),
        Side("market", (share, Words("map", _map(flows, prices, demand, theme), CARD)), 340),
        Words("generation-title", _generation_title(generation, demand), looks.HEADING),
        *stack,
        Words("flows-title", _flows_title(flows), looks.HEADING),
        flow_table(flows),
        Words("sources-title", SOURCES, looks.HEADING),
        source_table(freshness(queries), nem_now()),
        Words("notes", "".join(map(paragraph, said)), looks.NOTES),
    )
    return Content(blocks, span=(window.start, window.end))


def _generation(queries: QueryManager, region: str, window: Window, demand: ByRegion) -> GenerationView:
    """Generation by fuel: in 5-minute intervals, unless neither output nor demand has any in these 24 hours."""
    last = newest(queries, "scada5")
    coarse = (last is None or last <= window.start) and (demand.empty or demand.resolution is THIRTY)
    return load_view(queries, region, replace(window, resolution=THIRTY) if coarse else window, priced=False)


def _heading(window: Window) -> str:
    return (
        f"<b>The last 24 hours that are stored:</b> {spoken(window.start)} to {spoken(window.end)} NEM time, whatever "
        "range and resolution are chosen. The chosen region is that of the renewable share, generation and demand."
    )


def _price_title(prices: ByRegion) -> str:
    if prices.empty:
        return "<b>Prices</b>: none is stored in these 24 hours."
    kind = "30-minute mean prices" if prices.resolution is THIRTY else "5-minute prices"
    return (
        f"<b>{kind.capitalize()}</b>, $/MWh, by the end of their interval to "
        f"{spoken(prices.frame.index[-1].to_pydatetime())} NEM time; means are weighted by time"
    )


def price_chart(prices: ByRegion, scale: str, theme: Theme) -> Chart:
    """The prices of the regions that have any. Columns: ``price_<region>`` [$/MWh]."""
    known = [region for region in REGIONS if prices.frame[region].notna().any()]
    frame = prices.frame[known].add_prefix("price_")
    drawn = tuple(Line(f"price_{region}", region, REGION_COLOURS[region], "$/MWh") for region in known)
    label = "$/MWh (log-like)" if scale == "log-like" else "$/MWh"
    kind = "30-minute mean" if prices.resolution is THIRTY else "5-minute"
    pane = Pane(label, drawn, title=f"{kind} prices [$/MWh]", height=PRICE_HEIGHT, price_scale=scale)
    return time_chart("price-chart", frame, prices.window, theme, (pane,))


def generation_chart(view: GenerationView, demand: ByRegion, theme: Theme) -> Chart:
    """The stack of the region and, below it, its demand; for the NEM the regions' demand and their sum."""
    everywhere = demands.with_nem(demand)
    wanted = (NEM_REGION, *REGIONS) if view.region == NEM_REGION else (view.region,)
    shown = [region for region in wanted if everywhere[region].notna().any()]
    frame = _on_stamps(everywhere[shown], demand, view.window).add_prefix("demand_")
    drawn = tuple(
        Line(f"demand_{region}", f"{region} demand", REGION_COLOURS.get(region, theme.text), "MW", width=1.8)
        for region in shown
    )
    below = (Pane("Demand [MW]", drawn, height=DEMAND_HEIGHT),) if drawn else ()
    return stack_chart("generation", view.mw, frame, view.window, theme, below, height=STACK_HEIGHT, shape=view.region)


def _on_stamps(frame: pd.DataFrame, data: ByRegion, window: Window) -> pd.DataFrame:
    """Numbers on the stamps of a window; a half hour's mean in its six 5-minute intervals where those are drawn."""
    if data.resolution is window.resolution:
        return frame.reindex(window.stamps)
    empty = pd.DataFrame(float("nan"), index=window.stamps, columns=frame.columns)
    return fill_from_half_hours(empty, frame)[0]


def _generation_title(view: GenerationView, demand: ByRegion) -> str:
    now = demands.summary(demand, view.region)
    region = html.escape(view.region)
    said = f"<b>Generation by fuel and demand, {region}</b>, {view.window.resolution.name} MW"
    return f"{said} · demand {html.escape(now)}" if now else f"{said} · no demand is stored"


def _flows_title(flows: Flows) -> str:
    kind = flows.window.resolution.name
    return (
        f"<b>Interconnectors</b>, {kind} metered MW (positive: from → to) and the limit in force in the flow's "
        f"direction. ▲ high: {HIGH} of it or more; ▲▲ congested: {FULL} or more."
    )


def _map(flows: Flows, prices: ByRegion, demand: ByRegion, theme: Theme) -> str:
    """The map, the time of its numbers, and what is not on it."""
    last_flow = "" if flows.empty else str(flows.rows["at"].max())
    times = {"prices": _newest_stamp(prices), "demand": _newest_stamp(demand), "flows": last_flow}
    said = ", ".join(f"{what} at {stamp}" for what, stamp in times.items() if stamp)
    if len(set(times.values())) == 1 and last_flow:
        said = f"prices, demand and flows at {last_flow}"
    title = f"<div><b>Regions and interconnectors:</b> {html.escape(said)} NEM time</div>" if said else ""
    older = "<div>* an older flow: see the table.</div>" if flows.rows["late"].any() else ""
    strange = flows.rows.loc[flows.rows["origin"].isna(), "interconnector"]
    also = f"<div>⚠ Not on the map: {html.escape(', '.join(strange))}</div>" if len(strange) else ""
    return title + network(flows, _newest_row(prices), _newest_row(demand), theme) + older + also


def _newest_stamp(data: ByRegion) -> str:
    return "" if data.empty else spoken(pd.Timestamp(data.stored.index[-1]).to_pydatetime())


def _newest_row(data: ByRegion) -> Mapping[str, float]:
    """The numbers of the newest interval of a kind; NaN for a region that has none in it."""
    row = data.stored.iloc[-1] if len(data.stored) else pd.Series(dtype="float64")
    return {str(region): float(value) for region, value in row.items()}
