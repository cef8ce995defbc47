"""The NEMWEB stand-in: its pages against real ones, its files byte for byte, its faults one by one."""

import asyncio
import html
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import aiohttp
import pytest
from aiohttp import web

from aemo_updater.errors import UpdaterError
from aemo_updater.nemtime import NEM
from aemo_updater.replica import (
    REQUESTS,
    Entry,
    Fault,
    File,
    FolderSource,
    Seen,
    Source,
    make_app,
    parse_fault,
    serving,
)
from aemo_updater.replica.faults import FaultPlan
from aemo_updater.replica.pages import listing_page
from aemo_updater.replica.server import PIECE_BYTES

REAL = Path(__file__).resolve().parents[3] / "shared/realdata/nemweb"
PAGES = REAL / "listings"
APRIL = PAGES / "2026-04-20_nemweb.com.au_full"

needs_pages = pytest.mark.skipif(not PAGES.is_dir(), reason="the saved NEMWEB pages are not on this machine")
needs_files = pytest.mark.skipif(
    not (REAL / "Reports").is_dir(), reason="the real NEMWEB files are not on this machine"
)

SCADA = "Reports/CURRENT/Dispatch_SCADA"
NAME = "PUBLIC_DISPATCHSCADA_202604201440_0000000513857525.zip"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small NEMWEB in which one zip has a content that can be checked."""
    folder = tmp_path / "nemweb" / SCADA
    folder.mkdir(parents=True)
    with ZipFile(folder / NAME, "w") as archive:
        archive.writestr("a.CSV", "C,NEMP.WORLD\n" * 400)
    (tmp_path / "secret.zip").write_bytes(b"not for you")
    return tmp_path / "nemweb"


async def get(url: str, **options: object) -> tuple[int, bytes, Mapping[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(url, **options) as response:  # type: ignore[arg-type]
        return response.status, await response.read(), response.headers


async def raw(base: str, target: str, method: str = "GET", host: str = "nemweb.com.au") -> tuple[int, bytes]:
    """A request whose path no client library has tidied; the connection's whole answer."""
    address, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    try:
        answer = await reader.read()
    finally:
        writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


# --- the listing, against pages that NEMWEB sent ---------------------------------------------------------------------

ROW = re.compile(r" *(\w+day, \w+ \d+, \d{4} +\d+:\d\d [AP]M) +(\d+|&lt;dir&gt;) <A HREF=\"[^\"]*\">([^<]*)</A>")


def rows(page: str) -> Iterator[Entry]:
    """What a saved page lists; read with other means than those that write it."""
    for line in page.split("<br>"):
        if match := ROW.fullmatch(line):
            stamp = datetime.strptime(match[1], "%A, %B %d, %Y %I:%M %p").replace(tzinfo=NEM)
            yield Entry(html.unescape(match[3]), stamp, None if match[2] == "&lt;dir&gt;" else int(match[2]))


def lay_out(folder: Path, entries: list[Entry], hash_as: str = "#") -> None:
    """Put empty files of these names, sizes and dates on disk."""
    folder.mkdir(parents=True)
    for entry in entries:
        place = folder / entry.name.replace("#", hash_as)
        if entry.size is None:
            place.mkdir()
        else:
            with place.open("wb") as stream:
                stream.truncate(entry.size)
        os.utime(place, (entry.modified.timestamp() + 59, entry.modified.timestamp() + 59))


@needs_pages
def test_every_saved_page_can_be_written_again_to_the_last_character() -> None:
    pages = sorted(PAGES.rglob("index.html"))
    entries = 0
    for file in pages:
        text = file.read_bytes().decode()
        host, path = re.match(r"<html><head><title>(.*?) - /(.*?)/?</title>", text).groups()  # type: ignore[union-attr]
        found = list(rows(text))
        assert listing_page(host, path, reversed(found)) == text, file
        entries += len(found)
    assert len(pages) > 100
    assert entries > 25_000


@needs_pages
@pytest.mark.parametrize(
    "path",
    [
        "Reports/CURRENT",  # folders only
        "Reports/CURRENT/Dispatch_SCADA",  # 576 files and a folder
        "Reports/ARCHIVE/CDEII",  # nothing
        "Reports/ARCHIVE/Next_Day_Actual_Gen",  # a blank in a name
        "Data_Archive/Wholesale_Electricity/MMSDM/2026/MMSDM_2026_03/MMSDM_Historical_Data_SQLLoader/DATA",  # "#"
    ],
)
@pytest.mark.parametrize("hash_as", ["#", "%23"])
async def test_a_folder_on_disk_is_listed_as_nemweb_lists_it(path: str, hash_as: str, tmp_path: Path) -> None:
    text = (APRIL / path / "index.html").read_bytes().decode()
    lay_out(tmp_path / path, list(rows(text)), hash_as)
    async with serving(tmp_path) as (base, _):
        status, body, headers = await get(f"{base}/{path}/", headers={"Host": "nemweb.com.au"})
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=UTF-8"
    assert body.decode() == text


async def test_the_heading_names_the_host_that_was_asked(root: Path) -> None:
    async with serving(root) as (base, _):
        own = (await get(f"{base}/Reports/"))[1]
        _, odd = await raw(base, "/Reports/", host="<script>")
    assert own.startswith(
        b"<html><head><title>127.0.0.1 - /Reports/</title></head><body><H1>127.0.0.1 - /Reports/</H1>"
    )
    assert b"<script>" not in odd


async def test_the_root_has_no_parent_and_the_first_folder_has(root: Path) -> None:
    async with serving(root) as (base, _):
        top = (await get(f"{base}/"))[1].decode()
        reports = (await get(f"{base}/Reports/"))[1].decode()
    assert "Parent" not in top
    assert '<A HREF="/Reports/">Reports</A><br></pre>' in top
    assert '<pre><A HREF="/">[To Parent Directory]</A><br><br>' in reports


async def test_dates_are_nem_time_whatever_the_host_and_the_season(root: Path) -> None:
    file = root / SCADA / NAME
    async with serving(root) as (base, _):
        for moment, text in (
            (datetime(2026, 1, 31, 14, 5, tzinfo=UTC), "     Sunday, February 1, 2026 12:05 AM "),
            (datetime(2026, 7, 1, 2, 0, tzinfo=UTC), "      Wednesday, July 1, 2026 12:00 PM "),
            (datetime(2026, 9, 30, 3, 7, tzinfo=UTC), "<br>Wednesday, September 30, 2026  1:07 PM "),
        ):
            os.utime(file, (moment.timestamp(), moment.timestamp()))
            assert text in (await get(f"{base}/{SCADA}/"))[1].decode()


async def test_eight_thousand_files_are_listed_quickly(tmp_path: Path) -> None:
    start = datetime(2026, 4, 1, tzinfo=NEM)
    names = [f"PUBLIC_TRADINGIS_{start + timedelta(minutes=5 * n):%Y%m%d%H%M}_{n:016}.zip" for n in range(8000)]
    for name in names:
        (tmp_path / name).touch()
    async with serving(tmp_path) as (base, _):
        began = time.perf_counter()
        page = (await get(f"{base}/"))[1].decode()
        took = time.perf_counter() - began
    assert re.findall(r">(PUBLIC_[^<]*)</A>", page) == names
    assert took < 1.5  # about 0.1 s; the room is for a busy machine


# --- files -----------------------------------------------------------------------------------------------------------


async def test_a_file_is_answered_byte_for_byte_with_its_headers(root: Path) -> None:
    file = root / SCADA / NAME
    stamp = datetime(2026, 4, 20, 4, 35, 13, tzinfo=UTC)
    os.utime(file, (stamp.timestamp(), stamp.timestamp()))
    async with serving(root) as (base, _):
        status, body, headers = await get(f"{base}/{SCADA}/{NAME}")
    assert (status, body) == (200, file.read_bytes())
    assert headers["Content-Length"] == str(file.stat().st_size)
    assert headers["Content-Type"] == "application/x-zip-compressed"
    assert headers["Last-Modified"] == "Mon, 20 Apr 2026 04:35:13 GMT"
    assert parsedate_to_datetime(headers["Last-Modified"]) == stamp


async def test_head_has_the_headers_of_get_and_no_body(root: Path) -> None:
    async with serving(root, [Fault("truncate", match="cut")]) as (base, app), aiohttp.ClientSession() as session:
        (root / SCADA / "cut.zip").write_bytes(b"x" * 1000)
        for path in (f"/{SCADA}/{NAME}", f"/{SCADA}/", "/no/such.zip", f"/{SCADA}/cut.zip"):
            async with session.head(base + path) as head:
                assert await head.read() == b""
            if not path.endswith("cut.zip"):
                async with session.get(base + path) as full:
                    assert head.status == full.status
                    for name in ("Content-Length", "Content-Type", "Last-Modified"):
                        assert head.headers.get(name) == full.headers.get(name)
        assert head.headers["Content-Length"] == "1000"
    assert [seen.method for seen in app[REQUESTS]][:2] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    "on_disk", ["PUBLIC_ARCHIVE#X#FILE01#202408010000.zip", "PUBLIC_ARCHIVE%23X%23FILE01%23202408010000.zip"]
)
async def test_a_hash_is_asked_for_as_23_or_2523(on_disk: str, root: Path) -> None:
    (root / SCADA / on_disk).write_bytes(b"hash")
    href = f"/{SCADA}/PUBLIC_ARCHIVE%23X%23FILE01%23202408010000.zip"
    async with serving(root) as (base, app):
        page = (await get(f"{base}/{SCADA}/"))[1].decode()
        assert f'<A HREF="{href}">PUBLIC_ARCHIVE#X#FILE01#202408010000.zip</A>' in page
        for target in (href, href.replace("%23", "%2523")):
            assert await raw(base, target) == (200, b"hash")
    assert app[REQUESTS][-1].path == href.replace("%23", "%2523")


async def test_both_spellings_of_a_hash_on_disk_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "A#1.zip").write_bytes(b"#")
    (tmp_path / "A%231.zip").write_bytes(b"percent")
    async with serving(tmp_path) as (base, _):
        page = (await get(f"{base}/"))[1].decode()
        assert page.count("HREF") == 1
        assert "           1 <A HREF" in page  # the size of the one that is answered
        assert await raw(base, "/A%231.zip") == (200, b"#")


@pytest.mark.parametrize("check_case", [False, True])
def test_paths_are_case_sensitive(check_case: bool, root: Path) -> None:
    source = FolderSource(root, check_case=check_case)
    assert source.read(f"{SCADA}/{NAME}") is not None
    assert source.entries("Reports/CURRENT") is not None
    if check_case or not (root / "REPORTS").exists():
        assert source.read(f"{SCADA}/{NAME.lower()}") is None
        assert source.entries("Reports/Current") is None


async def test_a_path_in_the_wrong_case_is_not_found(root: Path) -> None:
    async with serving(root) as (base, _):
        assert (await get(f"{base}/{SCADA}/{NAME.replace('.zip', '.ZIP')}"))[0] == 404
        assert (await get(f"{base}/reports/current/"))[0] == 404
        assert (await get(f"{base}/{SCADA}/{NAME}/"))[0] == 404


async def test_a_folder_without_its_slash_is_redirected(root: Path) -> None:
    async with serving(root) as (base, app):
        status, body, headers = await get(f"{base}/{SCADA}", allow_redirects=False)
        assert (status, headers["Location"]) == (301, f"{base}/{SCADA}/")
        assert b"Object Moved" in body
        assert (await get(f"{base}/{SCADA}"))[0] == 200
    assert [*app[REQUESTS]] == [
        Seen("GET", f"/{SCADA}", 301),
        Seen("GET", f"/{SCADA}", 301),
        Seen("GET", f"/{SCADA}/", 200),
    ]


async def test_saved_listings_and_dot_files_stay_out_of_sight(root: Path) -> None:
    (root / SCADA / "index.html").write_text("saved")
    (root / SCADA / ".DS_Store").write_text("desktop")
    (root / "Reports/.hidden").mkdir()
    (root / "Reports/.hidden/a.zip").write_text("hidden")
    async with serving(root) as (base, _):
        page = (await get(f"{base}/{SCADA}/"))[1].decode()
        assert re.findall(r">([^<>]+)</A>", page) == ["[To Parent Directory]", NAME]
        for path in (f"{SCADA}/index.html", f"{SCADA}/.DS_Store", "Reports/.hidden/", "Reports/.hidden/a.zip"):
            assert (await get(f"{base}/{path}"))[0] == 404


async def test_odd_names_are_listed_and_can_be_followed(tmp_path: Path) -> None:
    names = ["NEW TEXT DOCUMENT.TXT", "a&b<c>.csv", "50%.zip", "größe.zip", "odd?.zip", 'quo"te.zip']
    for name in names:
        (tmp_path / name).write_text(name)
    async with serving(tmp_path) as (base, _):
        page = (await get(f"{base}/"))[1].decode()
        links = re.findall(r'HREF="([^"]*)">([^<]*)<', page)
        assert sorted(html.unescape(text) for _, text in links) == sorted(names)
        for href, text in links:
            assert await raw(base, html.unescape(href)) == (200, html.unescape(text).encode())


async def test_files_may_come_and_go_while_they_are_served(root: Path) -> None:
    late = root / SCADA / "late.zip"
    async with serving(root) as (base, _):
        assert (await get(f"{base}/{SCADA}/late.zip"))[0] == 404
        late.write_bytes(b"late")
        assert b"late.zip" in (await get(f"{base}/{SCADA}/"))[1]
        assert (await get(f"{base}/{SCADA}/late.zip"))[1] == b"late"
        late.unlink()
        assert b"late.zip" not in (await get(f"{base}/{SCADA}/"))[1]


@needs_files
async def test_the_real_folder_is_served_whole() -> None:
    month = "Data_Archive/Wholesale_Electricity/MMSDM/2024/MMSDM_2024_08/MMSDM_Historical_Data_SQLLoader/DATA"
    on_disk = {file.name: file for file in (REAL / month).iterdir() if file.suffix == ".zip"}
    async with serving(REAL) as (base, _):
        page = (await get(f"{base}/{month}/"))[1].decode()
        hrefs = re.findall(r'HREF="([^"]*\.zip)"', page)
        assert {href.rpartition("/")[2] for href in hrefs} == set(on_disk)
        for href in hrefs[:5]:
            assert await raw(base, href) == (200, on_disk[href.rpartition("/")[2]].read_bytes())
            assert (await raw(base, href.replace("%23", "%2523")))[0] == 200
        assert "index.html" not in (await get(f"{base}/Reports/CURRENT/Next_Day_Dispatch/"))[1].decode()


# --- what must not work ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.zip",
        "/Reports/../../secret.zip",
        "/Reports/CURRENT/../../../secret.zip",
        "/..%2fsecret.zip",
        "/..%2Fsecret.zip",
        "/%2e%2e/secret.zip",
        "/%2E%2E%2Fsecret.zip",
        "/%252e%252e/secret.zip",
        "/..%252fsecret.zip",
        "/..%5csecret.zip",
        "/..\\secret.zip",
        "/Reports/..%c0%afsecret.zip",
        "/Reports/%00",
        "/Reports/../Reports/",
        "/./Reports/",
        "/Reports/./",
        "//Reports/",
        "//secret.zip",
        "/Reports//CURRENT/",
        "/Reports%2fCURRENT/",
        "/Reports%2FCURRENT%2FDispatch_SCADA%2F" + NAME,
        "/out/secret.zip",
        "/out/",
        "/out",
        "/link.zip",
        "/loop",
        "/fifo",
        "/" + "n" * 300,
        "/" + "n/" * 300,
        "/Reports/%ff.zip",
        "/Reports/CURRENT/Dispatch_SCADA/?../../../../secret.zip/../x",
    ],
)
async def test_nothing_outside_the_root_is_reached(target: str, root: Path) -> None:
    (root / "out").symlink_to(root.parent)
    (root / "link.zip").symlink_to(root.parent / "secret.zip")
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "fifo")
    (root / "inner").symlink_to(root / "Reports")
    async with serving(root) as (base, app):
        status, body = await raw(base, target)
        page = (await get(f"{base}/"))[1]
    assert b"not for you" not in body
    if "?" in target:  # what follows a question mark is no path
        assert (status, b"secret" in body) == (200, False)
    else:
        assert status == 404
        assert app[REQUESTS][0].status == 404
    # Links that lead out are not even listed; one that stays inside is.
    assert re.findall(rb">([^<>]+)</A>", page) == [b"inner", b"Reports"]


async def test_a_root_that_is_itself_a_link_is_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    async with serving(tmp_path / "link") as (base, _):
        assert (await get(f"{base}/{SCADA}/{NAME}"))[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
async def test_it_can_only_be_read(method: str, root: Path) -> None:
    before = (root / SCADA / NAME).read_bytes()
    async with serving(root) as (base, app):
        status, _ = await raw(base, f"/{SCADA}/{NAME}", method=method)
    assert status == 405
    assert (root / SCADA / NAME).read_bytes() == before
    assert [*app[REQUESTS]] == [Seen(method, f"/{SCADA}/{NAME}", 405)]


def test_a_root_that_is_no_folder_is_refused_with_a_sentence(root: Path) -> None:
    for place in (root / "absent", root / SCADA / NAME):
        with pytest.raises(UpdaterError, match=re.escape(f"The replica has no folder to serve at {place}.")):
            make_app(place)


async def test_an_address_in_use_is_refused_with_a_sentence(root: Path) -> None:
    async with serving(root) as (base, _):
        port = int(base.rpartition(":")[2])
        with pytest.raises(
            UpdaterError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: address already in use\.$"
        ):
            async with serving(root, port=port):
                pass
    with pytest.raises(UpdaterError, match=r"port must be 0-65535\.$"):
        async with serving(root, port=70_000):
            pass


async def test_the_url_is_the_address_behind_a_name(root: Path) -> None:
    async with serving(root, host="localhost") as (base, _):
        assert "localhost" not in base
        assert (await get(f"{base}/Reports/"))[0] == 200


# --- the log of requests ---------------------------------------------------------------------------------------------


async def test_requests_are_remembered_and_logged(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aemo_updater.replica")
    async with serving(root) as (base, app):
        await get(f"{base}/{SCADA}/?sort=name")
        await get(f"{base}/{SCADA}/{NAME}")
        await get(f"{base}/{SCADA}/none.zip")
    assert [*app[REQUESTS]] == [
        Seen("GET", f"/{SCADA}/", 200),
        Seen("GET", f"/{SCADA}/{NAME}", 200),
        Seen("GET", f"/{SCADA}/none.zip", 404),
    ]
    assert caplog.messages[0] == f"GET '/{SCADA}/' 200"
    assert len(caplog.messages) == 3


# --- faults ----------------------------------------------------------------------------------------------------------


async def test_status_with_and_without_retry_after(root: Path) -> None:
    faults = [
        Fault("status", status=403, match="SCADA/$"),
        Fault("status", status=429, match="zip$", retry_after_seconds=120),
    ]
    async with serving(root, faults) as (base, app):
        status, body, headers = await get(f"{base}/{SCADA}/")
        assert status == 403
        assert b"<h2>403 - Forbidden</h2>" in body
        assert "Retry-After" not in headers
        status, _, headers = await get(f"{base}/{SCADA}/{NAME}")
        assert (status, headers["Retry-After"]) == (429, "120")
        assert (await get(f"{base}/Reports/"))[0] == 200
    assert [seen.status for seen in app[REQUESTS]] == [403, 429, 200]


async def test_truncate_announces_all_and_closes_halfway(root: Path) -> None:
    whole = (root / SCADA / NAME).read_bytes()
    async with serving(root, [Fault("truncate")]) as (base, app):
        async with aiohttp.ClientSession() as session, session.get(f"{base}/{SCADA}/{NAME}") as response:
            assert response.headers["Content-Length"] == str(len(whole))
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
        assert await raw(base, f"/{SCADA}/{NAME}") == (200, whole[: len(whole) // 2])
    assert [seen.status for seen in app[REQUESTS]] == [200, 200]


async def test_short_looks_complete_and_is_no_zip(root: Path, tmp_path: Path) -> None:
    whole = (root / SCADA / NAME).read_bytes()
    async with serving(root, [Fault("short")]) as (base, _):
        status, body, headers = await get(f"{base}/{SCADA}/{NAME}")
    assert (status, body) == (200, whole[: len(whole) // 2])
    assert headers["Content-Length"] == str(len(body))
    (tmp_path / "short.zip").write_bytes(body)
    with pytest.raises(BadZipFile):
        ZipFile(tmp_path / "short.zip")


async def test_html_in_place_of_a_zip_comes_with_status_200(root: Path) -> None:
    async with serving(root, [Fault("html", match=r"zip$")]) as (base, _):
        status, body, headers = await get(f"{base}/{SCADA}/{NAME}")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
        assert b"<h1>Server Error</h1>" in body
        assert (await get(f"{base}/{SCADA}/none.zip"))[0] == 404  # what was an error stays one


async def test_an_empty_listing_hides_the_entries_and_not_the_files(root: Path) -> None:
    async with serving(root, [Fault("empty", match="SCADA", times=3)]) as (base, _):
        status, body, _ = await get(f"{base}/{SCADA}/")
        assert status == 200
        assert re.findall(rb">([^<>]+)</A>", body) == [b"[To Parent Directory]"]
        assert (await get(f"{base}/{SCADA}/{NAME}"))[0] == 200
        assert (await get(f"{base}/no/SCADA/"))[0] == 404
        assert NAME.encode() in (await get(f"{base}/{SCADA}/"))[1]


async def test_reset_drops_the_connection_and_the_next_request_is_well(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(root, [Fault("reset", times=3)]) as (base, app):
        with pytest.raises(ConnectionResetError):
            await raw(base, f"/{SCADA}/{NAME}")
        # aiohttp's client asks once more by itself before it says so.
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await get(f"{base}/{SCADA}/")
        assert (await get(f"{base}/{SCADA}/{NAME}"))[0] == 200
    assert [seen.status for seen in app[REQUESTS]] == [0, 0, 0, 200]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_delay_comes_before_the_answer_and_goes_with_other_faults(root: Path) -> None:
    faults = [Fault("delay", delay_seconds=0.2), Fault("status", status=500)]
    async with serving(root, faults) as (base, _):
        began = time.perf_counter()
        assert (await get(f"{base}/{SCADA}/"))[0] == 500
        assert time.perf_counter() - began >= 0.2


async def test_a_delayed_answer_holds_up_neither_the_log_nor_the_end(root: Path) -> None:
    began = time.perf_counter()
    async with serving(root, [Fault("delay", delay_seconds=60)]) as (base, app):
        with pytest.raises(TimeoutError):
            await get(f"{base}/{SCADA}/", timeout=aiohttp.ClientTimeout(total=0.1))
        assert [*app[REQUESTS]] == [Seen("GET", f"/{SCADA}/", 200)]
    assert time.perf_counter() - began < 5


async def test_times_keeps_a_fault_to_the_first_matching_requests(root: Path) -> None:
    async with serving(root, [Fault("status", match="zip$", times=2)]) as (base, _):
        asked = ["/", f"/{SCADA}/{NAME}", "/x.zip", f"/{SCADA}/{NAME}"]
        assert [(await get(base + path))[0] for path in asked] == [200, 503, 503, 200]


async def test_match_sees_the_decoded_path(root: Path) -> None:
    (root / SCADA / "A%23B.zip").touch()
    async with serving(root, [Fault("status", match=r"/A#B\.zip$")]) as (base, _):
        for target in ("A%23B.zip", "A%2523B.zip"):
            assert (await raw(base, f"/{SCADA}/{target}"))[0] == 503


def test_a_share_is_drawn_by_seed_whatever_the_order_of_requests() -> None:
    paths = [f"/{SCADA}/{number}.zip" for number in range(4000)]
    fault = Fault("reset", share=0.1)

    def struck(seed: int, order: list[str]) -> set[str]:
        plan = FaultPlan([fault], seed)
        return {path for path in order if plan.strike(path)}

    first = struck(7, paths)
    assert 300 < len(first) < 500
    assert struck(7, paths[::-1]) == first
    assert struck(8, paths) != first
    # Asked again, a path that failed may do well: each asking is a draw of its own.
    plan = FaultPlan([fault], 7)
    again = [bool(plan.strike(paths[0])) for _ in range(2000)]
    assert 120 < sum(again) < 280


async def test_a_share_over_http_repeats_by_seed(root: Path) -> None:
    async def statuses(seed: int) -> list[int]:
        async with serving(root, [Fault("status", share=0.5)], seed=seed) as (base, app):
            async with aiohttp.ClientSession() as session:
                for number in range(60):
                    async with session.get(f"{base}/{number}.zip"):
                        pass
            return [seen.status for seen in app[REQUESTS]]

    first = await statuses(1)
    assert set(first) == {404, 503}
    assert await statuses(1) == first
    assert await statuses(2) != first


def test_shares_of_none_and_all_are_exact() -> None:
    plan = FaultPlan([Fault("reset", share=0), Fault("short", share=1)])
    assert all([fault.kind for fault in plan.strike(f"/{n}")] == ["short"] for n in range(1000))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("status=403,share=0.1,match=Dispatch_SCADA", Fault("status", 0.1, "Dispatch_SCADA", status=403)),
        ("status", Fault("status")),
        ("match=zip$, status=429, retry_after=60", Fault("status", match="zip$", status=429, retry_after_seconds=60)),
        ("delay=2.5", Fault("delay", delay_seconds=2.5)),
        (r"truncate,times=3,match=_\d{1,16}\.zip$", Fault("truncate", match=r"_\d{1,16}\.zip$", times=3)),
        ("match=a=b,short", Fault("short", match="a=b")),
        ("html", Fault("html")),
        ("empty,share=1", Fault("empty")),
        ("reset", Fault("reset")),
    ],
)
def test_a_fault_is_read_from_a_command_line(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'' is neither a kind (delay, status, truncate, short, html, empty, reset) nor share="),
        ("share=0.5", "names no kind: delay, status"),
        ("explode", "'explode' is neither a kind"),
        ("status=403,shrae=0.1", "'shrae=0.1' is neither a kind"),
        ("reset=1", "'reset=1' is neither a kind"),
        ("status=403,share", "'share' is neither a kind"),
        ("status=403,delay=2", "gives kind twice"),
        ("reset,share=1,share=0", "gives share twice"),
        ("reset,share=2", "share must be from 0 to 1, not 2.0."),
        ("reset,share=nan", "share must be from 0 to 1, not nan."),
        ("reset,share=lots", "share must be a number, not 'lots'."),
        ("status=200", "status must be from 400 to 599, not 200."),
        ("status=4o3", "status must be a whole number, not '4o3'."),
        ("delay=-1", "delay must be a number of seconds, not -1.0."),
        ("delay=inf", "delay must be a number of seconds, not inf."),
        ("reset,times=0", "times must be 1 or more, not 0."),
        ("status=429,retry_after=-5", "retry_after must be a number of seconds, not -5."),
        ("reset,retry_after=5", "retry_after goes with status only."),
        ("reset,match=(", "match is not a regular expression: missing )"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        parse_fault(text)
    assert str(caught.value).startswith(f"Fault {text!r}")
    assert str(caught.value).endswith((".", "reset."))


# --- another source, and the process ---------------------------------------------------------------------------------


class Made(Source):
    """A source whose files are made as they are asked for."""

    moment = datetime(2026, 4, 20, 21, 5, tzinfo=NEM)

    def entries(self, path: str) -> list[Entry] | None:
        return {"": [Entry("Reports", self.moment)], "Reports": [Entry("a.zip", self.moment, 4)]}.get(path)

    def read(self, path: str) -> File | None:
        return File(b"made", self.moment) if path == "Reports/a.zip" else None


async def test_files_can_come_from_something_else_than_a_folder() -> None:
    async with serving(Made()) as (base, _):
        page = (await get(f"{base}/Reports/"))[1].decode()
        assert (
            '       Monday, April 20, 2026  9:05 PM            4 <A HREF="/Reports/a.zip">a.zip</A><br></pre>' in page
        )
        status, body, headers = await get(f"{base}/Reports/a.zip")
        assert (status, body) == (200, b"made")
        assert headers["Last-Modified"] == "Mon, 20 Apr 2026 11:05:00 GMT"
        assert (await get(f"{base}/Reports"))[0] == 200
        assert (await get(f"{base}/Reports/b.zip"))[0] == 404


class Broken(Made):
    def read(self, path: str) -> File | None:
        raise PermissionError(13, "Permission denied", path)


async def test_a_file_that_cannot_be_read_is_an_error_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Broken()) as (base, app):
        assert (await get(f"{base}/Reports/a.zip"))[0] == 500
    assert app[REQUESTS][0].status == 500
    assert "Permission denied" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_prints_its_url_and_ends_cleanly_when_told(number: signal.Signals, root: Path) -> None:
    source = Path(__file__).resolve().parents[1] / "src"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from aemo_updater.replica import run_replica; run_replica(pathlib.Path(sys.argv[1]))",
            str(root),
        ],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert asyncio.run(get(f"{url}/{SCADA}/{NAME}"))[0] == 200
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=5)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (process.returncode, rest, complaints) == (0, "", "")


async def test_a_client_that_goes_away_in_a_download_is_no_error(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (root / SCADA / NAME).write_bytes(bytes(PIECE_BYTES + 1))

    async def gone(_: web.StreamResponse, __: bytes) -> None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    async with serving(root) as (url, app), aiohttp.ClientSession() as session:
        with monkeypatch.context() as patch:
            patch.setattr(web.StreamResponse, "write", gone)
            with pytest.raises(aiohttp.ClientError):
                async with session.get(f"{url}/{SCADA}/{NAME}") as response:
                    await response.read()
        async with session.get(f"{url}/{SCADA}/{NAME}") as response:
            assert len(await response.read()) == PIECE_BYTES + 1
        assert len(app[REQUESTS]) == 2
    assert "Error handling request" not in caplog.text
