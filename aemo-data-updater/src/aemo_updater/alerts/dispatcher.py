"""Sends what waits in the outbox: to each recipient in order, again where it fails, elsewhere where it keeps failing.

One attempt at a time and recipient, all recipients beside each other, so that a server that hangs holds up nobody else.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.outbox import Address, Delivery, Outbox, Progress
from aemo_updater.alerts.routes import HUSHED, INSTEAD, addresses, held_until
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import SendError, Sink, masked, unnamed
from aemo_updater.errors import DiskError, StoreError
from aemo_updater.nemtime import Clock

log = logging.getLogger(__name__)

ENDED_WITHIN = timedelta(seconds=40)
"""When all is to end, for the attempts in hand; what becomes of one that is cut off then is asked later."""
WAITS = tuple(timedelta(seconds=s) for s in (30, 60, 120, 240, 480, 900))
"""Between attempts; the last one again and again."""
ELSEWHERE_AFTER = 3
"""Attempts, which are 90 seconds or so."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""Since it was posted."""
LONGEST_SLEEP = timedelta(seconds=60)
"""Between two looks at the outbox: clocks are put forward and back."""
LONGEST_HELD = timedelta(days=1)
"""Quiet hours begin and end within a day."""
SURE_AFTER = timedelta(seconds=10)
"""Since an attempt that was cut off, before the other side is asked what became of it: it may still be at work."""


class Dispatcher:
    """Delivers what an outbox has, by the sinks that are on."""

    def __init__(self, outbox: Outbox, sinks: Mapping[str, Sink], clock: Clock, settings: AlertSettings) -> None:
        self._outbox = outbox
        self._settings = settings
        self.sinks = sinks
        self._clock = clock
        self._wake = asyncio.Event()
        self._attempts: dict[Address, asyncio.Task[None]] = {}
        self._failing: set[Address] = set()
        self._disk_refuses = False

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    async def work(self) -> None:
        """Deliver until cancelled; the attempts in hand are ended then. Raises StoreError where the outbox fails."""
        try:
            while True:
                self._wake.clear()
                due = await self._begin()
                wait = LONGEST_SLEEP if due is None else min(max(due - self._clock(), timedelta()), LONGEST_SLEEP)
                with contextlib.suppress(TimeoutError):
                    # not wait_for, which before Python 3.12 loses a cancel that comes in the moment of a wake
                    async with asyncio.timeout(wait.total_seconds()):
                        await self._wake.wait()
        finally:
            if self._attempts:
                _, left = await asyncio.wait(self._attempts.values(), timeout=ENDED_WITHIN.total_seconds())
                for task in left:
                    task.cancel()
                await asyncio.gather(*self._attempts.values(), return_exceptions=True)

    async def deliver_due(self) -> None:
        """Deliver what is due now, and wait for nothing that is not. Raises StoreError where the outbox fails."""
        while True:
            await self._begin()
            if not self._attempts:
                return
            await asyncio.wait(self._attempts.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _begin(self) -> datetime | None:
        """Begin the attempts that are due; returns when the next one is."""
        for address, task in list(self._attempts.items()):
            if task.done():
                del self._attempts[address]
                self._note_disk(task)
        now = self._clock()
        heads = await asyncio.to_thread(self._outbox.heads, now)
        if await self._send_behind_elsewhere(heads, now):
            heads = await asyncio.to_thread(self._outbox.heads, now)
        idle = [_in_reach(head, now) for head in heads if head.address not in self._attempts]
        for head in idle:
            if head.due <= now and not self._disk_refuses:
                task = asyncio.ensure_future(self._attempt(head))
                task.add_done_callback(lambda _: self._wake.set())
                self._attempts[head.address] = task
        if self._disk_refuses:  # a minute later
            self._disk_refuses = False
            return None
        return min((head.due for head in idle if head.due > now), default=None)

    def _note_disk(self, task: asyncio.Task[None]) -> None:
        """An outbox that the disk does not let us write to must not make us send the same again and again."""
        try:
            task.result()
        except DiskError as error:
            log.error("%s; alerts wait", error)
            self._disk_refuses = True

    async def _attempt(self, delivery: Delivery) -> None:
        """One attempt at one delivery. Raises StoreError where the outbox fails."""
        sink, recipient = self.sinks.get(delivery.address.sink), delivery.address.recipient
        maybe_sent, asks = delivery.progress is Progress.SENDING, False
        try:
            if sink is None:
                raise SendError("this way is off now", for_good=True)
            if recipient not in sink.recipients:
                raise SendError("is no recipient any more", for_good=True)
            if delivery.address.sink in HUSHED and self._clock() - delivery.posted > GIVEN_UP_AFTER:
                raise SendError("is too old by now", for_good=True)
            async with asyncio.timeout(sink.patience.total_seconds()):
                if maybe_sent and sink.was_sent is not None:
                    await self._until(delivery.at + SURE_AFTER)
                    asks = True
                    # since it was posted, for `at` is of the last try; a clock that was ahead then is not believed
                    if await sink.was_sent(delivery.alert, recipient, min(delivery.posted, self._clock())):
                        await self._arrived(delivery)
                        return
                    maybe_sent = asks = False
                now = self._clock()
                if (until := held_until(delivery.alert, delivery.address.sink, self._settings, now)) > now:
                    # as one that was never tried, so that what is urgent overtakes it
                    held = replace(delivery, progress=Progress.WAITING, attempts=0, due=until)
                    await self._note(held)
                    return
                await self._note(replace(delivery, progress=Progress.SENDING))
                maybe_sent = True
                await sink.send(delivery.alert, recipient)
        except SendError as error:
            if asks:  # who gets no answer knows no more than before
                error.for_good, error.maybe_sent = False, True
            await self._failed(delivery, error, maybe_sent=error.maybe_sent)
        except TimeoutError:
            await self._failed(delivery, SendError("no answer in time"), maybe_sent=maybe_sent)
        except StoreError:
            raise
        except Exception as error:  # nobody foresaw it; other messages and other ways go on
            log.exception("an alert by %s fails in a way that is this program's fault", delivery.address.sink)
            await self._failed(delivery, SendError(type(error).__name__), maybe_sent=maybe_sent)
        else:
            await self._arrived(delivery)

    async def _until(self, moment: datetime) -> None:
        """Wait for a moment that is near; a clock that was put back must not make that long."""
        await asyncio.sleep(min(max(moment - self._clock(), timedelta()), SURE_AFTER).total_seconds())

    async def _arrived(self, delivery: Delivery) -> None:
        await self._note(replace(delivery, progress=Progress.SENT, attempts=delivery.attempts + 1, reason=""))
        if delivery.address in self._failing:
            self._failing.discard(delivery.address)
            log.info("alerts by %s arrive again", _spoken(delivery.address))

    async def _failed(self, delivery: Delivery, error: SendError, *, maybe_sent: bool = False) -> None:
        address, now, attempts = delivery.address, self._clock(), delivery.attempts + 1
        reason = unnamed(str(error))
        given_up = error.for_good or now - delivery.posted > GIVEN_UP_AFTER
        progress = Progress.FAILED if given_up else Progress.SENDING if maybe_sent else Progress.WAITING
        due = now + WAITS[min(attempts, len(WAITS)) - 1]
        if given_up:  # before it is noted: a process may be killed in between
            await self._send_elsewhere(delivery, now)
        await self._note(replace(delivery, progress=progress, attempts=attempts, due=due, reason=reason))
        if address not in self._failing:
            self._failing.add(address)
            log.warning("alerts by %s fail: %s", _spoken(address), reason)
        if given_up:
            log.error("alert not sent by %s: %s (%s)", _spoken(address), delivery.alert.text, reason)

    async def _send_behind_elsewhere(self, heads: Sequence[Delivery], now: datetime) -> bool:
        """A message that keeps failing goes elsewhere, with what waits behind it, which is not even tried as long."""
        found = False
        for head in heads:
            other = INSTEAD.get(head.address.sink)
            if other is not None and other in self.sinks and head.attempts >= ELSEWHERE_AFTER:
                behind = partial(self._outbox.only_at, head.address, other, now)
                try:
                    for delivery in await asyncio.to_thread(behind):
                        await self._send_elsewhere(delivery, now)
                        found = True
                except DiskError as error:
                    log.error("%s; alerts wait", error)
        return found

    async def _send_elsewhere(self, delivery: Delivery, now: datetime) -> None:
        address = delivery.address
        sink = self.sinks.get(address.sink)
        # a recipient that was exchanged is followed by those that there are now
        is_gone = sink is not None and address.recipient not in sink.recipients
        other = address.sink if is_gone else INSTEAD.get(address.sink)
        if other is not None and other in self.sinks:
            also = partial(self._outbox.also, delivery, addresses([other], self.sinks), now)
            if await asyncio.to_thread(also):
                log.warning("alert goes by %s instead: %s", other, delivery.alert.text)

    async def _note(self, delivery: Delivery) -> None:
        await asyncio.to_thread(self._outbox.note, delivery, self._clock())

    async def send_unrecorded(self, alert: Alert, where: list[Address]) -> None:
        """Send a message that the outbox cannot take, such as that the disk is full. One attempt, said in the log."""

        async def one(address: Address) -> None:
            try:
                sink = self.sinks[address.sink]
                async with asyncio.timeout(sink.patience.total_seconds()):
                    await sink.send(alert, address.recipient)
            except (SendError, TimeoutError) as error:
                said = unnamed(str(error)) or "no answer"
                log.error("alert not sent by %s: %s (%s)", _spoken(address), alert.text, said)
            except Exception:  # nobody foresaw it; the other ways go on
                log.exception("an alert by %s fails in a way that is this program's fault", address.sink)

        await asyncio.gather(*(one(address) for address in where))


def _in_reach(delivery: Delivery, now: datetime) -> Delivery:
    """One that is due later than it can be is of a clock that was put back since: it is due now."""
    longest = WAITS[-1] if delivery.attempts else LONGEST_HELD
    return delivery if delivery.due - now <= longest else replace(delivery, due=now)


def _spoken(address: Address) -> str:
    return f"{address.sink} to {masked(address.recipient)}" if address.recipient else address.sink
