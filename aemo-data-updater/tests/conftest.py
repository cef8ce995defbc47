"""What the updater's tests share: the real files, where they are, and report files made to order."""

import asyncio
import io
import os
import sys
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import stamina

# pytest's importlib mode puts no test folder on the path; the helper modules beside this file are wanted by name, and
# those of the soaks, of which the short versions are tests
sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / "soaks"))

# a developer's own alerts must not be told of what happens in tests
for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SMTP_HOST", "ALERT_APPRISE_URLS"):
    os.environ.pop(name, None)

REALDATA = Path(__file__).resolve().parents[3] / "shared" / "realdata"

Section = tuple[tuple[str, str, str], Sequence[str], Sequence[Sequence[object]]]


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real AEMO files beside the checkout."""
    if not REALDATA.is_dir():
        pytest.skip(f"the real AEMO files are not at {REALDATA.parent.name}/{REALDATA.name} beside the checkout")
    return REALDATA


@pytest.fixture(scope="session")
def nemweb(realdata: Path) -> Path:
    """The folder of real files laid out like NEMWEB."""
    return realdata / "nemweb"


@pytest.fixture
def no_waits() -> Iterator[None]:
    """Retries happen at once and are as many as in earnest."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture(scope="session")
def make_report() -> Callable[..., bytes]:
    """Make a report file: ``make_report(name, [((group, table, version), columns, rows), …])`` is a zip's bytes."""

    def make(name: str, sections: Sequence[Section], footer: int | None = None) -> bytes:
        lines = [f"C,NEMP.WORLD,{name},AEMO,PUBLIC"]
        for (group, table, version), columns, rows in sections:
            lines.append(",".join(["I", group, table, version, *columns]))
            lines += [",".join(["D", group, table, version, *map(str, row)]) for row in rows]
        lines.append(f'C,"END OF REPORT",{len(lines) + 1 if footer is None else footer}')
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name.rsplit('.', 1)[0]}.CSV", "\r\n".join(lines) + "\r\n")
        return out.getvalue()

    return make


@pytest.fixture
async def goodbyes() -> AsyncIterator[None]:
    """Wait until what the test has closed has closed: TLS says goodbye first, and a loop that ends hears no answer."""
    yield
    loop: Any = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        while any(transport._sock is not None for transport in list(loop._transports.values())):
            await asyncio.sleep(0.01)
