"""The command `aemo-updater`.

What only some commands need is imported by them: `run` lives for months, and holds what was imported.
"""

import asyncio
import faulthandler
import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from aemo_updater.alerts.commands import app as alerts_app
from aemo_updater.backfill import BackfillReport, backfill
from aemo_updater.backfill.plan import WATCHED
from aemo_updater.catalogue import TABLES, table_named
from aemo_updater.config import Settings, load_settings
from aemo_updater.exits import in_a_sentence
from aemo_updater.export import export as export_table
from aemo_updater.logs import configure_logging
from aemo_updater.memory import few_arenas, return_large_blocks, spare_pandas, use_little
from aemo_updater.nemtime import nem_now, parse_moment
from aemo_updater.nemweb.client import connect
from aemo_updater.reference.refresh import Source, read_source, refresh, split_day
from aemo_updater.service import collector, run_daemon, run_once
from aemo_updater.status import status as read_status
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.provenance import mark_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its traceback shows local variables, which may be secret
    help="Collects Australia's electricity market data from NEMWEB into parquet.",
)
reference_app = typer.Typer(no_args_is_help=True, help="What each DUID is.")
app.add_typer(reference_app, name="reference")
app.add_typer(alerts_app, name="alerts")


def _start(name: str) -> Settings:
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_dir, name)
    return settings


@app.command()
@in_a_sentence
def run() -> None:
    """Collect until told to end: a cycle every UPDATE_INTERVAL_SECONDS."""
    use_little()
    faulthandler.enable()  # a watchdog that ends it has it say first where it stood still
    asyncio.run(run_daemon(_start("collector")))


@app.command()
@in_a_sentence
def once(as_json: Annotated[bool, typer.Option("--json", help="Print the cycle's report as JSON.")] = False) -> None:
    """One cycle, then exit: 0 all well, 1 some source failed."""
    use_little()
    report = asyncio.run(run_once(_start("collector")))
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
    if not report.ok:
        raise SystemExit(1)


@app.command("backfill")
@in_a_sentence
def backfill_command(
    start: Annotated[str, typer.Option("--from", help="From the start of this day, or after this moment (NEM time).")],
    end: Annotated[str, typer.Option("--to", help="To the end of this day, or this moment.")],
    tables: Annotated[str | None, typer.Option(help="Such as prices5,scada5; all where it is left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be fetched, and fetch nothing.")] = False,
    refetch: Annotated[bool, typer.Option("--refetch", help="Fetch also what is stored already.")] = False,
) -> None:
    """Fetch what is missing of a time past: 0 it is whole, 1 some of it is still missing."""
    wanted = [table_named(name.strip()) for name in tables.split(",")] if tables else list(TABLES.values())
    span = (parse_moment(start), parse_moment(end, end_of_day=True))
    settings = _start("backfill")
    few_arenas()
    spare_pandas()
    from rich.console import Console

    from aemo_updater.backfill.display import ended, planned, shown

    console = Console(highlight=False, soft_wrap=True)

    async def run() -> BackfillReport:
        async with collector(settings) as one:
            with shown(console) as show:
                return await backfill(
                    one.client, one.storing, span, wanted, progress=show, refetch=refetch, dry_run=dry_run
                )

    report = asyncio.run(run())
    for line in planned(report.planned) if dry_run else ended(report):
        console.print(line, markup=False)
    if not report.ok:
        raise SystemExit(1)


@app.command()
@in_a_sentence
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """How fresh and how much the stored data is."""
    settings = load_settings()
    answer = read_status(settings.shared_data_dir, nem_now)
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console()
    grid = Grid("table", "rows", "oldest", "newest", "lag, min", title=f"{_short(answer['now'])}, NEM time")
    for name, table in answer["tables"].items():
        lag = table["lag_minutes"]
        grid.add_row(
            name, f"{table['rows']:,}", _short(table["oldest"]), _short(table["newest"]),
            "" if lag is None else f"{lag:,.0f}",
        )  # fmt: skip
    if answer["simulated"]:
        console.print(f"Simulated market ({answer['simulated']}): these are not AEMO's numbers.", markup=False)
    console.print(grid)
    for name, hole in answer["holes"].items():
        span = f"first {_short(hole['first'])}, last {_short(hole['last'])}"
        console.print(f"{name}: {hole['count']:,} intervals of the last {WATCHED.days} days are missing; {span}")
    for said in (*answer["damaged"], *([answer["ledger"]] if answer["ledger"] else [])):
        console.print(f"damaged: {said}", markup=False)
    for name, counts in answer["sources"].items():
        console.print(f"{name}: {counts['done']:,} files read, {counts['bad']:,} bad")
    if answer["last_cycle"]:
        well = "all well" if answer["last_cycle"]["ok"] else "with failures"
        console.print(f"last cycle: {answer['last_cycle']['started']}, {well}")
    for bad in answer["bad_files"][:10]:
        console.print(f"bad: {bad['name']}: {bad['reason']} (tried {bad['attempts']} times)", markup=False)
    if answer["unknown_duids"]:
        console.print("in no registration list: " + ", ".join(answer["unknown_duids"]), markup=False)


@app.command()
@in_a_sentence
def ui(
    host: Annotated[str | None, typer.Option(help="Address to listen on [STATUS_UI_HOST].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on [STATUS_UI_PORT].")] = None,
) -> None:
    """Serve the status page until told to end. It reads the data folder and asks the running collector."""
    settings = load_settings()
    from aemo_updater.ui.options import Options

    options = Options(
        settings.shared_data_dir.absolute(),
        host or settings.status_ui_host,
        port or settings.status_ui_port,
        tuple(name.strip() for name in settings.bokeh_allow_ws_origin.split(",") if name.strip()),
        settings.update_interval_seconds,
        settings.log_level,
        settings.log_dir,
        disk_least_mb=settings.alert_disk_free_mb,
    )
    # a process anew, of the same number: what settings are read with would stay in this one
    os.execv(sys.executable, [sys.executable, "-m", "aemo_updater.ui", options.as_text()])  # noqa: S606


@app.command("check")
@in_a_sentence
def check_command(
    start: Annotated[
        str | None, typer.Option("--from", help="From the start of this day, or after this moment (NEM time).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="To the end of this day, or this moment.")] = None,
    tables: Annotated[str | None, typer.Option(help="Such as prices5,scada5; all where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all findings as JSON.")] = False,
) -> None:
    """Look for what is wrong in the stored data: 0 nothing, 1 something. Nothing is changed."""
    few_arenas()
    from aemo_updater.integrity import check
    from aemo_updater.integrity.display import as_dict, lines

    checked = check(
        load_settings().shared_data_dir,
        nem_now,
        parse_moment(start) if start else None,
        parse_moment(end, end_of_day=True) if end else None,
        [table_named(name.strip()) for name in tables.split(",")] if tables else TABLES.values(),
    )
    if as_json:
        print(json.dumps(as_dict(checked), indent=2))
    else:
        for line in lines(checked):
            print(line)
    if not checked.ok:
        raise SystemExit(1)


def _short(stamp: str | None) -> str:
    return "" if stamp is None else stamp[:16].replace("T", " ")


@reference_app.command("refresh")
@in_a_sentence
def reference_refresh(
    sources: Annotated[
        list[str],
        typer.Option("--from", help="A registration list: FILE, FILE@YYYY-MM-DD or URL; may be given several times."),
    ],
) -> None:
    """Merge registration lists into reference/duid_mapping.csv and gen_info.pkl."""
    settings = _start("reference")
    report = refresh([_registration(s) for s in sources], settings.shared_data_dir / "reference")
    print(
        f"{report.units} units, newest list {report.newest}: {len(report.new)} new, {len(report.changed)} changed, "
        f"{len(report.retired)} retired, {len(report.unknown_fuel)} of unknown fuel"
    )


def _registration(text: str) -> Source:
    if not text.lower().startswith(("http://", "https://")):
        return read_source(text)
    url, dated = split_day(text)

    async def fetch() -> bytes:
        async with connect(url) as client:
            return await client.fetch(url)

    return Source(Path(urlsplit(url).path).name, asyncio.run(fetch()), dated)


@app.command("export")
@in_a_sentence
def export_command(
    table: Annotated[str, typer.Argument(help="Name of a stored table, such as prices5.")],
    to: Annotated[list[str], typer.Option("--to", help="The file to write (.parquet or .csv); also the last moment.")],
    start: Annotated[
        str | None, typer.Option("--from", help="From the start of this day, or after this moment.")
    ] = None,
) -> None:
    """One plain file of a table: --to FILE, and optionally --from DATE and --to DATE (NEM time, to its end)."""
    files = [Path(t) for t in to if Path(t).suffix.lower() in {".parquet", ".csv"}]
    moments = [t for t in to if Path(t).suffix.lower() not in {".parquet", ".csv"}]
    if len(files) != 1 or len(moments) > 1:
        raise ValueError("give --to once with a file that ends in .parquet or .csv, and at most once with a date")
    settings = load_settings()
    dataset = Dataset(settings.shared_data_dir)
    count = export_table(
        dataset,
        table_named(table),
        files[0],
        parse_moment(start) if start else None,
        parse_moment(moments[0], end_of_day=True) if moments else None,
    )
    mark = mark_of(dataset.root)
    source = f"Simulated market ({mark}): these are not AEMO's numbers." if mark else "Source: AEMO."
    print(f"{files[0]}: {count:,} rows of {table}. {source}")


@app.command()
@in_a_sentence
def replica(
    root: Annotated[Path | None, typer.Option("--root", help="A folder laid out like NEMWEB.")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="A simulated market in place of a folder.")] = False,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8085,
    host: Annotated[str, typer.Option(help="The address to bind.")] = "127.0.0.1",
    fault: Annotated[
        list[str] | None, typer.Option(help="Such as status=503,share=0.1,match=Dispatch_SCADA; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the simulated market, and which requests the faults meet.")] = 0,
    speed: Annotated[float, typer.Option(help="How fast simulated time passes.")] = 1.0,
    start: Annotated[str | None, typer.Option(help="When simulated time begins, in NEM time; if not now.")] = None,
    trouble: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong in the simulation, such as late, all or none; may be repeated."),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(help="Serve nothing: print the true rows of this table as CSV, --from and --to.")
    ] = None,
    after: Annotated[str | None, typer.Option("--from", help="From the start of this day, or after this time.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="To the end of this day, or this time.")] = None,
    by: Annotated[
        str | None,
        typer.Option("--now", help="With --truth: what is published by then; if left out, all there ever is."),
    ] = None,
) -> None:
    """Serve a folder of real files, or a simulated market, as NEMWEB does: for tests and for offline work."""
    if (root is None) != simulate:
        raise ValueError("give either --root DIR or --simulate")
    if root is not None and (trouble or start or truth or speed != 1):
        raise ValueError("--speed, --start, --trouble and --truth go with --simulate")
    if (truth is None) != (after is None and until is None) or (after is None) != (until is None):
        raise ValueError("--truth TABLE, --from and --to go together")
    if by and not truth:
        raise ValueError("--now goes with --truth")
    from aemo_updater.replica.faults import parse_fault
    from aemo_updater.replica.server import run_replica

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    faults = [parse_fault(f) for f in fault or []]
    if root is not None:
        run_replica(root, host, port, faults, seed)
        return
    few_arenas(1)
    return_large_blocks()
    from aemo_updater.replica.simulation.command import print_truth, simulated
    from aemo_updater.replica.simulation.troubles import parse_troubles

    troubles = parse_troubles(trouble or [])
    if truth is not None and after is not None and until is not None:
        span = parse_moment(after), parse_moment(until, end_of_day=True)
        print_truth(table_named(truth), *span, seed, troubles, parse_moment(by) if by else None)
        return
    run_replica(simulated(seed, troubles, parse_moment(start) if start else None, speed), host, port, faults, seed)
