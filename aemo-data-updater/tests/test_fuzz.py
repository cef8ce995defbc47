"""What fuzzing of the parsers found, so that it stays mended, and a short walk along the same way each time.

The contract, the seeds and the mutators are those of ``aemo-data-updater/fuzz``; the fuzzer itself is not needed.
"""

import gc
import importlib
import io
import random
import struct
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.catalogue import feeds_of
from aemo_updater.collectors.extract import MAX_LIVE_BYTES, extract
from aemo_updater.errors import ReportError
from aemo_updater.nemweb import archive, mms
from aemo_updater.nemweb.archive import Budget, csv_files, members, reason
from aemo_updater.nemweb.listing import Entry, parse_listing
from aemo_updater.nemweb.mms import MAX_COLUMNS, parse
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, REPORTS
from aemo_updater.tables import FLOAT, STRING, Report

with mock.patch.object(sys, "path", [str(Path(__file__).resolve().parents[1] / "fuzz"), *sys.path]):
    contract = importlib.import_module("contract")
    mutators = importlib.import_module("mutators")
    seeds = importlib.import_module("seeds")

TARGETS = tuple(contract.CONTRACTS)
LIMIT = 2**14

C = "C,NEMP.WORLD,DISPATCHSCADA,AEMO,PUBLIC\n"
I = "I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE\n"  # noqa: E741 - what the format calls it
D = "D,DISPATCH,UNIT_SCADA,1,"
ROW = f"{D}2026/04/01 00:05:00,ARWF1,12.5\n"
SCADA_FILE = "PUBLIC_DISPATCHSCADA_202604010005_0000000500000001.zip"


def report(*lines: str) -> bytes:
    text = "".join(lines)
    return f'{text}C,"END OF REPORT",{text.count(chr(10)) + 1}\n'.encode()


def said(data: bytes, name: str = "x.csv") -> str:
    """What is said of bytes that are no SCADA report, in little time."""
    began = time.process_time()
    with pytest.raises(ReportError) as caught:
        extract(data, name, feeds_of(DISPATCH_SCADA))
    assert time.process_time() - began < 10
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= contract.LONGEST_SENTENCE
    return str(caught.value)


# --- found: listings -------------------------------------------------------------------------------------------------


def entries(*links: str) -> list[Entry]:
    return parse_listing(f'<pre><A HREF="/Reports/">[To Parent Directory]</A><br>{"<br>".join(links)}</pre>', "X")


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/a.zip">a\n2026-01-01 ERROR all is lost.zip</a>',
        '<a href="/a.zip">a&#10;b.zip</a>',
        '<a href="/a.zip">a\x1b[2J.zip</a>',
        '<a href="/a.zip">a\u202epiz.exe</a>',
        '<a href="/a%0Ab.zip"></a>',
        '<a href="/a\x00.zip">a.zip</a>',
        '<a href="/a&#13;.zip">a.zip</a>',
        f'<a href="/a.zip">{"a" * 252}.zip</a>',
        f'<a href="/a.zip">{"ü" * 130}.zip</a>',
        f'<a href="/{"a" * 5000}.zip">a.zip</a>',
        '<a href="/"></a>',
        '<a href="/"> </a>',
        '<a href="/Reports/">&#91;To Parent Directory]</a>',
        f'<a href="/a.zip">&#{"9" * 5000};</a>',  # a number that Python refuses to read
        f'<a href="/&#{"9" * 5000};.zip">a.zip</a>',
    ],
)
def test_a_link_that_could_not_be_logged_or_kept_is_left_out(link: str) -> None:
    assert entries(link, '<a href="/b.zip">b.zip</a>') == [Entry("b.zip", "/b.zip")]


def test_the_longest_name_is_what_a_file_system_takes() -> None:
    assert [e.name for e in entries(f'<a href="/a.zip">{"a" * 251}.zip</a>')] == ["a" * 251 + ".zip"]


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        '<a href="',
        f'<a href="{"x" * 1999}"',
        f'<a href="x"{" " * 5000}',
        f"Monday, April 20, 2026{' ' * 5000}",
        f"Monday, April 20, 2026  9:05 PM {'1' * 18}{' ' * 5000}",
        "Wednesday",
        "1",
        f'<a href="x.zip">{"&#9" * 600}</a>',
        f'<a href="x.zip{"/" * 1900}"></a>',
        '<a href="x">y</a>',
    ],
)
def test_the_time_of_a_page_grows_with_its_length(piece: str) -> None:
    """Sixteen times the page may cost sixteen times the time, not 256 times; the best of three counts."""

    def seconds(size: int) -> float:
        page = '<a href="x.zip">x.zip</a>' + piece * (size // len(piece))
        gc.collect()
        gc.disable()  # a million new objects are not to be looked through meanwhile
        try:
            began = time.process_time()
            parse_listing(page, "X")
            return time.process_time() - began
        finally:
            gc.enable()

    small = max(min(seconds(2**16) for _ in range(3)), 0.005)
    assert any(seconds(2**20) < 100 * small for _ in range(3))


# --- found: names of days that never were ----------------------------------------------------------------------------


@pytest.mark.parametrize("stamp", ["202613010000", "202604310000", "000000000000", "000101010000", "999912312359"])
@pytest.mark.parametrize("of", REPORTS, ids=lambda r: r.name)
def test_a_file_named_by_a_day_that_never_was_is_set_aside(of: Report, stamp: str) -> None:
    """Such a name once ended the collector."""
    name = of.pattern.replace(r"(?P<stamp>\d{12})", stamp).replace(r"(?P<stamp>\d{8,14})", stamp)
    name = name.replace(r"\d{16}", "0" * 16).replace(r"\.", ".").replace("(?:DAILY|MEASUREMENT|SATELLITE)", "DAILY")
    data = zipped(("x.CSV", seeds.made(feeds_of(of))))
    with pytest.raises(ReportError, match=f"^{name}: is named by a day that the market does not have$"):
        extract(data, name, feeds_of(of))


# --- found: zips -----------------------------------------------------------------------------------------------------


def zipped(*contents: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return seeds.zipped(contents, method)


def with_directory(entries: int) -> bytes:
    """A zip whose directory has its one member so many times, as text files of no name after the first."""
    whole = zipped(("a.csv", report(C, I, ROW)))
    begins, ends = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    nameless = bytearray(whole[begins : begins + 46])
    struct.pack_into("<H", nameless, 28, 0)
    directory = whole[begins:ends] + bytes(nameless) * (entries - 1)
    return whole[:begins] + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(directory), begins, 0)


def test_a_directory_of_millions_is_not_read() -> None:
    """Each entry costs zipfile half a kilobyte of memory, and a thousandth of a byte in a zip in a zip."""
    assert extract(with_directory(1000), "x.zip", feeds_of(DISPATCH_SCADA)).rows
    for data in (with_directory(200_000), zipped(("y.zip", with_directory(200_000)))):
        assert "its directory has more than 4,194,304 bytes" in said(data, "x.zip")


@pytest.mark.parametrize("name", ["x" * 60_000 + ".csv", "\x1b[2J" * 1000 + ".csv", "\n.csv", "a/" * 5000 + "b.csv"])
def test_a_long_or_odd_name_in_a_zip_is_short_and_printable_in_what_is_said(name: str) -> None:
    data = zipped((name, b"no report"))
    assert "not an AEMO report" in said(data, "x.zip")
    ((own, _),) = members(io.BytesIO(data), "x.zip", Budget(100))
    assert own.isprintable()
    assert len(own) <= archive.MAX_NAME_LETTERS
    assert own.endswith(".csv")


def test_what_an_error_says_is_printable() -> None:
    assert reason(ValueError("a\x1b[31m\n\tb\x85\u202e")) == "a?[31m b ?"
    assert reason(ValueError()) == "ValueError"
    assert len(reason(ValueError("x" * 10_000))) == 200


def test_a_bomb_in_a_live_file_stops_before_it_has_cost_much() -> None:
    bomb = zipped(("x.csv", report(C, I, ROW * (MAX_LIVE_BYTES // len(ROW)))))
    assert said(bomb, "x.zip").endswith(f"x.csv: inflates to more than {MAX_LIVE_BYTES:,} bytes")


def test_a_size_that_a_zip_gets_wrong_is_an_error_or_is_without_effect() -> None:
    """zipfile raised EOFError, which was foreseen, for blocks of one size and read all for those of another."""
    text = report(C, I, ROW * 1000)
    whole = bytearray(zipped(("x.csv", text)))
    struct.pack_into("<I", whole, whole.index(b"PK\x01\x02") + 20, len(whole) + 1000)
    for size in (37, 256, 2**21):
        with mock.patch.object(archive, "BLOCK_BYTES", size):
            found = b""
            with suppress(ReportError):
                ((_, blocks),) = csv_files(io.BytesIO(whole), "x.zip", Budget(LIMIT * 10))
                found = b"".join(blocks)
            assert found in (b"", text)


# --- found: reports --------------------------------------------------------------------------------------------------


def test_a_wide_header_over_short_rows_is_refused() -> None:
    """A zip of 458 bytes took 4 s and 830 MB: each row was padded to the header's 60,000 columns."""
    wide = I.replace("\n", ",X" * 60_000 + "\n")
    assert "a header line is not of a table's columns" in said(report(C, wide, f"{D}\n" * 2000))


def test_short_rows_under_the_widest_header_cost_no_more_than_others() -> None:
    wide = I.replace("\n", ",X" * (MAX_COLUMNS - 3) + "\n")
    began = time.process_time()
    (rows,) = next(iter(extract(report(C, wide, f"{ROW}" * 50_000), "x.csv", feeds_of(DISPATCH_SCADA)).rows.values()))
    assert len(rows) == 50_000
    assert time.process_time() - began < 10
    assert "a header line is not" in said(report(C, wide.replace("\n", ",X\n"), ROW))


def test_rows_in_too_many_pieces_are_refused() -> None:
    """Each piece costs as much as a small file: a zip of 3 kB could have kept a core busy for an hour."""
    one = report(C, I, *[ROW, "C,\n"] * 100)
    some = [(f"{i}.csv", one) for i in range(5)]
    with mock.patch.object(mms, "MAX_SECTIONS", 500):
        (rows,) = next(iter(extract(zipped(*some), "x.zip", feeds_of(DISPATCH_SCADA)).rows.values()))
        assert len(rows) == 500
        assert "in too many pieces" in said(zipped(*some, ("y.csv", report(C, I, ROW))), "x.zip")


@pytest.mark.parametrize("text", ["A\x00", "A\x1b[31mB", "A\x7f", "A\u0085B", "A\u202eB", "A\tB", "A" * 201, "ü" * 101])
@pytest.mark.parametrize("ragged", ["", f"{D}\n"], ids=["", "ragged"])
def test_a_name_that_could_not_be_logged_is_no_name(text: str, ragged: str) -> None:
    assert "DUID has '" in said(report(C, I, ROW.replace("ARWF1", text), ragged))


def test_a_name_of_many_letters_is_a_name() -> None:
    for text in ("A" * 200, "Größe", "A B", "A\u00a0B", "A\ufffdB"):
        found = parse(report(C, I, ROW.replace("ARWF1", text)), "x.csv", {("DISPATCH", "UNIT_SCADA"): {"DUID": STRING}})
        assert found.tables["DISPATCH", "UNIT_SCADA"]["DUID"].to_pylist() == [text]


def test_a_quote_left_open_on_the_last_row_does_not_take_the_newline_into_a_text() -> None:
    """Arrow lets it pass where the rows end with it; as a number it was an error already."""
    open_quote = report(C, I, ROW, ROW.replace("12.5", '"12.5'))
    assert "a row cannot be read" in said(open_quote)
    with pytest.raises(ReportError, match=r"SCADAVALUE has '12\.5\\n', which is neither a name nor a word$"):
        parse(open_quote, "x.csv", {("DISPATCH", "UNIT_SCADA"): {"SCADAVALUE": STRING}})


def test_what_arrow_repeats_of_a_file_is_printable() -> None:
    assert "invalid value '1?[31m2'" in said(report(C, I, ROW.replace("12.5", "1\x1b[31m2")))


@pytest.mark.parametrize("version", ["1\x1b[31m", "1" * 101, "\x7f"])
def test_a_header_is_printable_and_short(version: str) -> None:
    """Headers that are new go to the log and to the ledger."""
    data = report(C, I.replace(",1,", f",{version},"), ROW.replace(",1,", f",{version},"))
    assert "a header line is not of a table's columns" in said(data)
    other = [line.replace("UNIT_SCADA,1,", f"OTHER,{version},") for line in (I, ROW)]
    assert extract(report(C, *other, I, ROW), "x.csv", feeds_of(DISPATCH_SCADA)).rows


def test_one_number_under_ragged_rows_may_be_absent() -> None:
    found = parse(report(C, I, ROW, f"{D}\n"), "x.csv", {("DISPATCH", "UNIT_SCADA"): {"SCADAVALUE": FLOAT}})
    assert found.tables["DISPATCH", "UNIT_SCADA"]["SCADAVALUE"].to_pylist() == [12.5, None]


def test_a_table_of_which_no_column_is_wanted_is_left_out() -> None:
    assert parse(report(C, I, ROW, f"{D}\n"), "x.csv", lambda header: {}).tables == {}


# --- a short walk ----------------------------------------------------------------------------------------------------


@cache
def inputs(target: str, real: Path | None) -> list[bytes]:
    return seeds.seeds(target, real)


def changer(chance: random.Random, others: list[bytes]) -> Callable[[bytes, int], bytes]:
    """Cuts, flips, inserts or splices."""

    def change(data: bytes, limit: int) -> bytes:
        at, until = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        match chance.randrange(5):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[until:]
            case 2:
                flipped = bytes([data[at] ^ 1 << chance.randrange(8)]) if at < len(data) else b""
                data = data[:at] + flipped + data[at + 1 :]
            case 3:
                data = data[:at] + chance.randbytes(chance.randint(1, 4)) + data[at:]
            case _:
                other = chance.choice(others)
                data = data[:at] + other[chance.randrange(len(other)) :]
        return data[:limit]

    return change


def walks(target: str, real: Path | None, start: int) -> Iterator[bytes]:
    """A seed, changed more and more."""
    chance = random.Random(start)
    some = inputs(target, real)
    data = chance.choice(some)
    for _ in range(5):
        data = mutators.MUTATORS[target](data, LIMIT, chance, changer(chance, some))
        yield data


def keeps_the_contract(target: str, real: Path | None, start: int) -> None:
    for data in walks(target, real, start):
        began = time.process_time()
        contract.CONTRACTS[target](data)
        assert time.process_time() - began < 10


@pytest.mark.parametrize("target", TARGETS)
def test_every_seed_is_read_as_it_should_be(target: str) -> None:
    some = inputs(target, None)
    assert len(some) >= 4
    for data in some:
        contract.CONTRACTS[target](data)
        assert len(data) <= LIMIT
    if target == "mms":
        for of in REPORTS:
            assert extract(seeds.made(feeds_of(of)), "x.csv", feeds_of(of)).rows


@pytest.mark.parametrize("target", TARGETS)
@settings(derandomize=True, deadline=None, max_examples=100)
@given(start=st.integers(0, 2**32))
def test_changed_made_inputs_keep_the_contract(target: str, start: int) -> None:
    keeps_the_contract(target, None, start)


@pytest.mark.parametrize("target", TARGETS)
@settings(derandomize=True, deadline=None, max_examples=100)
@given(start=st.integers(0, 2**32))
def test_changed_real_inputs_keep_the_contract(realdata: Path, target: str, start: int) -> None:
    keeps_the_contract(target, realdata, start)


@pytest.mark.parametrize("target", TARGETS)
@settings(derandomize=True, deadline=None, max_examples=100)
@given(data=st.binary(max_size=300))
def test_any_bytes_keep_the_contract(target: str, data: bytes) -> None:
    contract.CONTRACTS[target](data)


def test_the_contract_notices_what_it_should() -> None:
    """Were the checks void, fuzzing would find nothing."""
    with (
        mock.patch.object(contract, "parse_listing", return_value=[Entry("a\nb", "/a")]),
        pytest.raises(AssertionError),
    ):
        contract.listing(b"<a >")
    with mock.patch.object(contract, "extract", side_effect=KeyError), pytest.raises(KeyError):
        contract.mms(seeds.made(feeds_of(DISPATCH_IS)))
    with mock.patch.object(contract, "extract", side_effect=ReportError("\x1b")), pytest.raises(AssertionError):
        contract.mms(seeds.made(feeds_of(DISPATCH_IS)))
    with mock.patch.object(archive, "_printable", str), pytest.raises(AssertionError, match="not printable"):
        contract.zips(zipped(("\x1b.csv", b"x")))
