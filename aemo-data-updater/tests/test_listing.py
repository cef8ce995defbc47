"""IIS pages: every saved one against two other readings of it, and pages that are none."""

import random
import re
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aemo_updater.errors import ReportError
from aemo_updater.nemtime import NEM
from aemo_updater.nemweb.listing import Entry, files_of, parse_listing
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, REPORTS, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import Entry as Shown
from aemo_updater.replica.pages import listing_page
from aemo_updater.tables import Report

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "nemweb"
PAGES = REAL / "listings"
APRIL = PAGES / "2026-04-20_nemweb.com.au_full"

needs_pages = pytest.mark.skipif(not PAGES.is_dir(), reason="the saved NEMWEB pages are not on this machine")

PARENT = '<A HREF="/Reports/CURRENT/">[To Parent Directory]</A><br><br>'


def page(*lines: str, parent: str = PARENT) -> str:
    return f"<html><head><title>n</title></head><body><H1>n</H1><hr>\n\n<pre>{parent}{'<br>'.join(lines)}</pre></html>"


class Links(HTMLParser):
    """The links of a page with their texts, and the text before each: an independent reading."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.before = ""
        self.href: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.href, self.text = dict(attrs)["href"], ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            assert self.href is not None
            self.found.append((self.before, self.href, self.text))
            self.href, self.before = None, ""

    def handle_data(self, data: str) -> None:
        if self.href is None:
            self.before += data
        else:
            self.text += data


def links(text: str) -> list[tuple[str, str, str]]:
    parser = Links()
    parser.feed(text)
    return [(before.strip(), href, name) for before, href, name in parser.found if name != "[To Parent Directory]"]


def read(file: Path) -> str:
    return file.read_bytes().decode()


# --- every saved page ------------------------------------------------------------------------------------------------


@needs_pages
def test_every_saved_page_reads_as_an_html_parser_reads_it() -> None:
    files = sorted(PAGES.rglob("index.html"))
    assert len(files) == 122
    total = 0
    for file in files:
        text = read(file)
        entries = parse_listing(text, str(file))
        assert len(entries) == len(re.findall("<a href", text, re.IGNORECASE)) - text.count("[To Parent Directory]")
        for entry, (before, href, name) in zip(entries, links(text), strict=True):
            *date, size = before.split()
            assert (entry.name, entry.href) == (name, href)
            assert entry.is_folder == (size == "<dir>") == href.endswith("/")
            assert entry.size == (None if entry.is_folder else int(size))
            stamp = " ".join(date).rpartition("/ ")[2]  # the first line stands behind the page's heading
            assert entry.modified == datetime.strptime(stamp, "%A, %B %d, %Y %I:%M %p")
        total += len(entries)
    assert total == 27_496


@needs_pages
def test_hand_made_pages_without_sizes_and_dates() -> None:
    counts = {}
    for file in sorted((REAL / "Reports/CURRENT").glob("*/index.html")):
        entries = parse_listing(read(file), str(file))
        assert [(e.name, e.href) for e in entries] == [(name, href) for _, href, name in links(read(file))]
        assert {(e.size, e.modified, e.is_folder) for e in entries} == {(None, None, False)}
        counts[file.parent.name] = len(entries)
    assert counts == {
        "Causer_Pays_Elements": 1,
        "Daily_Reports": 2,
        "Next_Day_Dispatch": 2,
        "Next_Day_Intermittent_Gen_Scada": 2,
    }


@needs_pages
def test_some_entries_to_the_letter() -> None:
    folder, first, *_, last = parse_listing(read(APRIL / "Reports/CURRENT/Dispatch_SCADA/index.html"), "SCADA")
    at = "/Reports/CURRENT/Dispatch_SCADA/"
    assert folder == Entry("DUPLICATE", f"{at}DUPLICATE/", None, datetime(2025, 8, 12, 11, 10), is_folder=True)
    name = "PUBLIC_DISPATCHSCADA_202604181445_0000000513537601.zip"
    assert first == Entry(name, at + name, 4049, datetime(2026, 4, 18, 14, 41))
    name = "PUBLIC_DISPATCHSCADA_202604201445_0000000513858071.zip"
    assert last == Entry(name, at + name, 4186, datetime(2026, 4, 20, 14, 44))

    (old,) = parse_listing(read(next(PAGES.glob("2021*/Reports/CURRENT/Dispatch_SCADA/index.html"))), "SCADA")[1:2]
    assert old.name == "PUBLIC_DISPATCHSCADA_202108311255_0000000348260618.zip"
    assert (old.size, old.modified) == (3071, datetime(2021, 8, 31, 12, 50))

    where = APRIL / "Data_Archive/Wholesale_Electricity/MMSDM/2024/MMSDM_2024_09/MMSDM_Historical_Data_SQLLoader/DATA"
    hashed = parse_listing(read(where / "index.html"), "DATA")[0]
    assert hashed.name == "PUBLIC_ARCHIVE#ADG_DETAIL#FILE01#202409010000.zip"
    assert hashed.href.endswith("/DATA/PUBLIC_ARCHIVE%23ADG_DETAIL%23FILE01%23202409010000.zip")
    assert (hashed.size, hashed.modified) == (731, datetime(2024, 10, 8, 10, 41))

    odd = parse_listing(read(APRIL / "Reports/ARCHIVE/Next_Day_Actual_Gen/index.html"), "odd")[:2]
    assert [(e.name, e.href.rpartition("/")[2], e.size) for e in odd] == [
        ("_ZA01492", "_ZA01492", 1122563),
        ("NEW TEXT DOCUMENT.TXT", "NEW%20TEXT%20DOCUMENT.TXT", 0),
    ]
    assert parse_listing(read(APRIL / "Reports/ARCHIVE/CDEII/index.html"), "empty") == []


@needs_pages
@pytest.mark.parametrize(
    ("report", "count", "first", "last"),
    [
        (DISPATCH_IS, 577, "202604181445_0000000513537596", "202604201445_0000000513858066"),
        (DISPATCH_SCADA, 577, "202604181445_0000000513537601", "202604201445_0000000513858071"),
        (TRADING_IS, 4033, "202604061445_0000000511603572", "202604201445_0000000513858059"),
        (ROOFTOP_PV, 1344, "MEASUREMENT_20260406150000_0000000511605825", "SATELLITE_20260420143000_0000000513856922"),
    ],
    ids=lambda value: value.name if isinstance(value, Report) else "",
)
def test_files_of_each_report_on_a_real_page(report: Report, count: int, first: str, last: str) -> None:
    entries = parse_listing(read(APRIL / "Reports/CURRENT" / report.folder / "index.html"), report.folder)
    files = files_of(report, entries)
    assert len(files) == count
    assert first in files[0].name
    assert last in files[-1].name
    assert {e.name for e in entries} - {e.name for e in files} <= {"DUPLICATE"}
    assert not any(e.is_folder for e in files)
    for other in REPORTS:
        assert other is report or files_of(other, entries) == []
    shuffled = random.Random(1).sample(entries, len(entries))
    assert files_of(report, shuffled) == files


# --- files_of --------------------------------------------------------------------------------------------------------


def scada(stamp: str, serial: int = 1, suffix: str = ".zip") -> Entry:
    name = f"PUBLIC_DISPATCHSCADA_{stamp}_{serial:016}{suffix}"
    return Entry(name, f"/{name}")


def test_files_of_are_ordered_by_stamp_then_serial_whatever_the_case() -> None:
    old, twice, again = scada("202604201435", 9), scada("202604201440", 5), scada("202604201440", 7, ".ZIP")
    lower = scada("202604201445", 2)
    lower = Entry(lower.name.lower(), lower.href.lower())
    assert files_of(DISPATCH_SCADA, [lower, again, twice, old]) == [old, twice, again, lower]


@pytest.mark.parametrize(
    "name",
    [
        "DUPLICATE",
        "PUBLIC_DISPATCHSCADA_202604201440_0000000513857525.zip.tmp",
        "X_PUBLIC_DISPATCHSCADA_202604201440_0000000513857525.zip",
        "PUBLIC_DISPATCHSCADA_20260420_0000000513857525.zip",
        "PUBLIC_DISPATCHSCADA_20260420.zip",
        "PUBLIC_DISPATCHSCADA_٢٠٢٦٠٤٢٠١٤٤٠_0000000513857525.zip",  # digits, but not these
        "",
    ],
)
def test_files_of_leaves_other_names_out(name: str) -> None:
    assert files_of(DISPATCH_SCADA, [Entry(name, "/x")]) == []


def test_a_folder_named_like_a_file_is_no_file() -> None:
    assert files_of(DISPATCH_SCADA, [Entry(scada("202604201440").name, "/x/", is_folder=True)]) == []


# --- spellings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "href",
    [
        "/Reports/CURRENT/X/A%23B.zip",
        "A%23B.zip",
        "../X/A%23B.zip",
        "https://www.nemweb.com.au/Reports/CURRENT/X/A%23B.zip",
        "/REPORTS/Current/x/a%23b.ZIP",
        "/X/A%2523B.zip",
    ],
)
@pytest.mark.parametrize("tag", ['<A HREF="{}">A#B.zip</A>', '<a href="{}">A#B.zip</a>', '<a  href="{}" >A#B.zip</a>'])
def test_an_href_is_kept_to_the_letter(href: str, tag: str) -> None:
    line = "     Tuesday, October 8, 2024 10:41 AM          731 " + tag.format(href)
    assert parse_listing(page(line), "X") == [Entry("A#B.zip", href, 731, datetime(2024, 10, 8, 10, 41))]
    assert parse_listing(f"<html><body>{tag.format(href)}</body></html>", "X") == [Entry("A#B.zip", href)]


def test_entities_and_a_missing_text() -> None:
    entries = parse_listing(page('<A HREF="/a&amp;b.zip">a&amp;b.zip</A>', '<A HREF="/x/C%20D.zip"></A>'), "X")
    assert entries == [Entry("a&b.zip", "/a&b.zip"), Entry("C D.zip", "/x/C%20D.zip")]


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:05 AM", 0), (" 1:05 AM", 1), ("11:05 AM", 11), ("12:05 PM", 12), (" 1:05 PM", 13), ("11:05 PM", 23)],
)
def test_twelve_hour_times(text: str, hour: int) -> None:
    (entry,) = parse_listing(page(f"Monday, April 20, 2026 {text}      1 " + '<A HREF="/a.zip">a.zip</A>'), "X")
    assert entry.modified == datetime(2026, 4, 20, hour, 5)


@pytest.mark.parametrize("date", ["Monday, April 31, 2026  9:05 PM", "Monday, Smarch 1, 2026  9:05 PM"])
def test_a_day_that_never_was_leaves_the_date_out_and_the_file_in(date: str) -> None:
    line = f'{date}         5 <A HREF="/a.zip">a.zip</A>'
    assert parse_listing(page(line), "X") == [Entry("a.zip", "/a.zip", 5)]


entries_of_a_page = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/"), min_size=1),
        st.datetimes(datetime(1980, 1, 1), datetime(2099, 1, 1)).map(lambda d: d.replace(second=0, microsecond=0)),
        st.none() | st.integers(0, 2**40),
    ),
    max_size=8,
)


@given(entries_of_a_page)
def test_what_the_replica_writes_is_read_again(wanted: list[tuple[str, datetime, int | None]]) -> None:
    shown = [Shown(name, modified.replace(tzinfo=NEM), size) for name, modified, size in wanted]
    found = parse_listing(listing_page("nemweb.com.au", "Reports/X", shown), "X")
    assert Counter((e.name, e.modified, e.size) for e in found) == Counter(wanted)
    assert all(e.is_folder == (e.size is None) for e in found)


# --- no listing ------------------------------------------------------------------------------------------------------

ERRORS = {
    "nothing": "",
    "text": "Service Unavailable",
    "iis": "<html><head><title>403 - Forbidden: Access is denied.</title></head><body><h2>403</h2></body></html>",
    "links": '<html><body>Try <a href="https://www.aemo.com.au/">AEMO</a> <a href="/help/">or help</a></body></html>',
    "stack trace": "<html><body><H1>Server Error in '/' Application.</H1><code><pre>\n[Error]\n</pre></code></html>",
    "zip": "PK\x03\x04\x14\x00\x00\x00",
    "bare pre": "<html><body><pre></pre></body></html>",
}


@pytest.mark.parametrize("text", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_page_is_no_listing(text: str) -> None:
    with pytest.raises(ReportError, match=r"^Reports/CURRENT/X/: not a listing, it begins with ") as caught:
        parse_listing(text, "Reports/CURRENT/X/")
    assert "\n" not in str(caught.value)


def test_an_empty_folder_is_a_listing_without_entries() -> None:
    assert parse_listing(page(), "X") == []


def test_a_page_cut_short_gives_its_whole_entries() -> None:
    whole = page(*[f'Monday, April 20, 2026  9:05 PM   {n} <A HREF="/X/{n}.zip">{n}.zip</A>' for n in range(9)])
    full = parse_listing(whole, "X")
    for cut in range(len(whole)):
        try:
            entries = parse_listing(whole[:cut], "X")
        except ReportError:
            assert cut < 120
        else:
            assert entries == full[: len(entries)]


@given(st.text() | st.text(alphabet='<a href="/x.zip>AM,20 pre&;lt\n'))
def test_any_text_is_a_listing_or_a_report_error(text: str) -> None:
    with suppress(ReportError):
        parse_listing(text, "X")


@pytest.mark.parametrize("piece", ["A", " ", "Monday, ", "<a href=", '<a href="', '<a href="x">', "1", "&lt;", "<pre>"])
def test_a_megabyte_of_anything_is_read_quickly(piece: str) -> None:
    text = piece * (2**20 // len(piece))
    began = time.perf_counter()
    for whole in (text, page() + text):
        try:
            parse_listing(whole, "X")
        except ReportError:
            assert whole is text
    assert time.perf_counter() - began < 3
