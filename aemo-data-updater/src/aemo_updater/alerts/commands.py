"""`aemo-updater alerts …`: a test message, what was told, and the DUIDs that nobody wants to hear of."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from aemo_updater.alerts.outbox import OUTBOX_NAME, Delivery, Outbox
from aemo_updater.alerts.routes import EMAIL, LOG, SMS, sinks_of
from aemo_updater.alerts.sinks import SendError, Sink, masked, unnamed
from aemo_updater.alerts.watch import trial_alert
from aemo_updater.alerts.words import day_and_time
from aemo_updater.config import Settings, load_settings
from aemo_updater.exits import in_a_sentence
from aemo_updater.nemtime import isoformat, nem_now

app = typer.Typer(no_args_is_help=True, help="What is told by SMS and e-mail.")
exceptions_app = typer.Typer(no_args_is_help=True, help="DUIDs of which nobody wants to hear; * is any letters.")
app.add_typer(exceptions_app, name="exceptions")

Pattern = Annotated[str, typer.Argument(help="A DUID or a pattern, such as DG_*.")]


@app.command("test")
@in_a_sentence
def send_test(
    sms: Annotated[bool, typer.Option("--sms", help="Only by SMS.")] = False,
    email: Annotated[bool, typer.Option("--email", help="Only by e-mail.")] = False,
) -> None:
    """Send a test message through the configured channels: 0 all took it, 1 one did not or is off."""
    settings = load_settings()
    sinks = sinks_of(settings)
    asked = [name for name, wanted in ((SMS, sms), (EMAIL, email)) if wanted]
    names = asked or [name for name in sinks.on if name != LOG]
    well = bool(names)
    if not names:
        print("no channel is configured: " + "; ".join(f"{name}: {why}" for name, why in sinks.off.items()))
    for name in names:
        if name in sinks.off:
            print(f"{name}: off, {sinks.off[name]}")
            well = False
        else:
            well &= asyncio.run(_try(sinks.on[name], nem_now()))
    if not well:
        raise SystemExit(1)


async def _try(sink: Sink, now: datetime) -> bool:
    well = True
    for recipient in sink.recipients:
        whom = masked(recipient)
        try:
            async with asyncio.timeout(sink.patience.total_seconds()):
                await sink.send(trial_alert(now), recipient)
        except TimeoutError:
            well = False
            print(f"{sink.name} to {whom}: no answer in time")
        except SendError as error:
            well = False
            print(f"{sink.name} to {whom}: {unnamed(str(error))}")
        else:
            print(f"{sink.name} to {whom}: taken")
    return well


@app.command("history")
@in_a_sentence
def history(
    limit: Annotated[int, typer.Option(help="How many of the latest, by recipient.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What was told, the latest first, to whom, and whether it arrived."""
    path = _outbox_path(load_settings())
    found: list[Delivery] = []
    if path.exists():
        with Outbox.to_look(path) as outbox:
            found = outbox.history(limit)
    if as_json:
        print(json.dumps([_as_dict(delivery) for delivery in found], indent=2))
        return
    if not found:
        print("nothing was told yet")
    for delivery in found:
        whom = f" to {masked(delivery.address.recipient)}" if delivery.address.recipient else ""
        why = f" ({delivery.reason})" if delivery.reason else ""
        print(
            f"{day_and_time(delivery.alert.at)}  {delivery.alert.kind:10}  {delivery.address.sink}{whom}: "
            f"{delivery.progress}{why}  {delivery.alert.text}"
        )


def _as_dict(delivery: Delivery) -> dict[str, Any]:
    return {
        "at": isoformat(delivery.alert.at),
        "posted": isoformat(delivery.posted),
        "kind": delivery.alert.kind,
        "text": delivery.alert.text,
        "sink": delivery.address.sink,
        "recipient": masked(delivery.address.recipient),
        "state": delivery.progress,
        "attempts": delivery.attempts,
        "changed": isoformat(delivery.at),
        "reason": delivery.reason,
    }


@exceptions_app.command("list")
@in_a_sentence
def exceptions_list() -> None:
    """Print them, one a line."""
    path = _outbox_path(load_settings())
    if path.exists():
        with Outbox.to_look(path) as outbox:
            for pattern in outbox.exceptions():
                print(pattern)


@exceptions_app.command("add")
@in_a_sentence
def exceptions_add(pattern: Pattern) -> None:
    """Be silent about a DUID, or all of a pattern."""
    with Outbox(_outbox_path(load_settings())) as outbox:
        new = outbox.add_exception(_plain(pattern), nem_now())
    print(f"{_plain(pattern)} is {'excepted now' if new else 'excepted already'}")


@exceptions_app.command("remove")
@in_a_sentence
def exceptions_remove(pattern: Pattern) -> None:
    """Tell of it again."""
    with Outbox(_outbox_path(load_settings())) as outbox:
        there = outbox.remove_exception(_plain(pattern))
    if not there:
        raise ValueError(f"{_plain(pattern)} is no exception; `aemo-updater alerts exceptions list` has them")
    print(f"{_plain(pattern)} is no exception any more")


def _plain(pattern: str) -> str:
    plain = pattern.strip().upper()
    if not plain or len(plain) > 40 or not plain.isprintable():
        raise ValueError(f"{pattern!r} is no DUID and no pattern of them")
    return plain


def _outbox_path(settings: Settings) -> Path:
    return settings.shared_data_dir / OUTBOX_NAME
