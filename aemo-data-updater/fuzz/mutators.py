"""Changes that a parser must look into before it can refuse them: a damaged row under a footer that is right, in a zip
whose check sums are right. Changes of single bytes get no further than those.
"""

import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable

Bytes = Callable[[bytes, int], bytes]
"""Changes some bytes somehow, into at most so many."""
Mutator = Callable[[bytes, int, random.Random, Bytes], bytes]

WORDS: dict[str, tuple[bytes, ...]] = {
    "listing": (
        b'<a href="', b'<A HREF="', b"</a>", b"</A>", b"<br>", b"<pre>", b"&lt;dir&gt;", b"&amp;", b"&#", b"&#x",
        b"%23", b"%00", b"[To Parent Directory]", b"Monday, April 20, 2026  9:05 PM",
        b"Friday, February 30, 0000 12:60 AM", b".zip", b".ZIP", b".csv", b"PUBLIC_DISPATCHIS_",
        b"PUBLIC_DISPATCHSCADA_202604201445_0000000513858071.zip", b"PUBLIC_ROOFTOP_PV_ACTUAL_DAILY_20260420_",
        b"PUBLIC_TRADINGIS_000001010000_0000000000000000.zip", b"PUBLIC_DISPATCHIS_999912312359_0000000000000000.zip",
        b"PUBLIC_DISPATCHIS_202613010000_0000000000000000.zip", b"999999999999999999", b"1e9", b"\xd9\xa2", b"\xff",
        b"\x00", b"\x1b[31m", b"\xc2\x85", b"\xe2\x80\xae", b"/", b"../",
    ),
    "zip": (
        b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b".zip", b".csv",
        b".CSV", b"\x01\x00", b"\x08\x00", b"\x0c\x00", b"\x63\x00", b"\xff\xff", b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00", b"../", b"/",
    ),
    "mms": (
        b"I,", b"D,", b"C,", b"\nI,", b"\nC,", b"\nD,", b"\r\n", b"\r", b'"', b'""', b",,", b'C,"END OF REPORT",3\n',
        b"DISPATCH", b"PRICE", b"REGIONSUM", b"INTERCONNECTORRES", b"UNIT_SCADA", b"TRADING", b"ROOFTOP,ACTUAL",
        b"SETTLEMENTDATE", b"INTERVENTION", b"RRP", b"LASTCHANGED", b"POWER", b"QI", b"TYPE", b"REGIONID", b"DUID",
        b"INTERVAL_DATETIME", b"2026/04/01 00:05:00", b"0000/01/01 00:00:00", b"9999/12/31 23:59:59",
        b"2026/02/30 00:05:00", b"2021/10/01 00:00:00", b"NaN", b"inf", b"-inf", b"1e999", b"-0",
        b"9223372036854775808", b"0x1", b"\x00", b"\xff", b"\x1b", b"\xc2\x85", b"MEASUREMENT", b"SATELLITE",
        b"DAILY", b"NSW1", b"NOT FIRM",
    ),
}  # fmt: skip
_FOOTER = re.compile(rb'\AC,"?END OF REPORT"?,\d+\s*\Z')
_LENGTHS = {b"PK\x01\x02": 46, b"PK\x03\x04": 30, b"PK\x05\x06": 22, b"PK\x06\x06": 56, b"PK\x06\x07": 20}
"""Of the records that a zip consists of, by what they begin with."""
_RECORD = re.compile(b"|".join(map(re.escape, _LENGTHS)))
_NUMBERS = (0, 1, 2, 8, 9, 12, 14, 20, 63, 99, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


def listing(data: bytes, limit: int, chance: random.Random, change: Bytes) -> bytes:
    """Lines of a page changed, exchanged, said twice."""
    if chance.random() < 0.3:
        return change(data, limit)
    lines = data.split(b"<br>")
    for _ in range(chance.randint(1, 3)):
        _line_changed(lines, WORDS["listing"], chance, change, rb'([<>"&;,/ _])')
    return b"<br>".join(lines)[:limit]


def mms(data: bytes, limit: int, chance: random.Random, change: Bytes) -> bytes:
    """Lines and fields of a report changed; the footer mostly counts them all the same."""
    if chance.random() < 0.15:
        return change(data, limit)
    lines = data[: 2 * limit].removesuffix(b"\n").split(b"\n")
    for _ in range(chance.randint(1, 4)):
        _line_changed(lines, WORDS["mms"], chance, change, b"(,)")
    if lines and chance.random() < 0.1:
        at = chance.randrange(len(lines))
        lines[at] = lines[at].rstrip(b"\r") if lines[at].endswith(b"\r") else lines[at] + b"\r"
    if chance.random() < 0.9:
        lines = [line for line in lines if not _FOOTER.match(line)]
        size = sum(map(len, lines)) + len(lines)
        while lines and size > limit - 40:
            size -= len(lines.pop()) + 1
        lines.append(b'C,"END OF REPORT",%d' % (len(lines) + 1))
    return (b"\n".join(lines) + b"\n")[:limit]


def _line_changed(
    lines: list[bytes], words: tuple[bytes, ...], chance: random.Random, change: Bytes, cut: bytes
) -> None:
    """Change a line, or one of the fields that ``cut`` parts it into, or where it stands."""
    if not lines:
        lines.append(b"")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:
            lines[at] = change(lines[at], 2 * len(lines[at]) + 20)
        case 1:
            lines.insert(other, lines[at])
        case 2:
            del lines[at]
        case 3:
            lines[at], lines[other] = lines[other], lines[at]
        case 4:
            lines[at : at + 1] = [lines[at]] * chance.choice((2, 3, 20))
        case _:
            fields, donors = re.split(cut, lines[at]), re.split(cut, lines[other])
            field = chance.randrange(len(fields))
            match chance.randrange(7):
                case 0:
                    fields[field] = change(fields[field], 2 * len(fields[field]) + 20)
                case 1:
                    fields[field] = chance.choice(donors)
                case 2:
                    del fields[field : field + chance.randint(1, 4)]
                case 3:
                    fields[field:field] = fields[field : field + chance.randint(1, 4)]
                case 4:
                    fields[field] = b'"' + fields[field] + b'"'
                case 5:
                    fields[field] = fields[field].replace(b'"', b"")
                case _:
                    fields[field] = chance.choice(words)
            lines[at] = b"".join(fields)


def zips(data: bytes, limit: int, chance: random.Random, change: Bytes) -> bytes:
    """Members changed, renamed, nested and zipped again; then perhaps a number in what a zip says of itself."""
    if chance.random() < 0.1:
        return change(data, limit)
    out = data
    if chance.random() < 0.7 and (members := _members(data)) is not None:
        for _ in range(chance.randint(1, 3)):
            _member_changed(members, limit, chance, change)
        out = _zipped(members, chance)
    while chance.random() < 0.5:
        out = _number_changed(out, chance)
    if chance.random() < 0.05:
        out = out[: chance.randrange(len(out) + 1)] + out[chance.randrange(len(out) + 1) :]
    return out if len(out) <= limit else change(data, limit)


Member = tuple[str, bytes, int]


def _members(data: bytes) -> list[Member] | None:
    """The members of a zip as far as they can be read."""
    found = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist()[:30]:
                if info.file_size > 2**20:
                    return None
                found.append((info.filename, archive.read(info), info.compress_type))
    except Exception:  # noqa: BLE001 - whatever it is, this is no zip to work on
        return None
    return found


def _member_changed(members: list[Member], limit: int, chance: random.Random, change: Bytes) -> None:
    if not members or chance.random() < 0.05:
        members.append((chance.choice(("a.CSV", "b.zip", "c.txt", "d/")), chance.choice(WORDS["mms"]), 8))
        return
    at = chance.randrange(len(members))
    name, content, method = members[at]
    match chance.randrange(9):
        case 0 | 1:
            inner = zips if name.lower().endswith(".zip") else mms
            content = inner(content, limit, chance, change)
        case 2:
            name = change(name.encode(), len(name) + 30).decode("utf-8", "replace")
            name += chance.choice(("", ".csv", ".zip"))
        case 3:
            name = chance.choice(("../", "/", "a/b/", ".", "\x00", "\x1b[1m", "x" * 300, "ü")) + name
        case 4:
            del members[at]
            return
        case 5:
            members.append(members[at])
            return
        case 6:
            name, content = chance.choice(("n.zip", name + ".zip")), _zipped(members[at:], chance)
        case 7:
            method = zipfile.ZIP_STORED if method else zipfile.ZIP_DEFLATED
        case _:
            content = content[:1000] * chance.choice((2, 2, 100, 100, 3000))
    members[at] = name, content[: 2**22], method


def _zipped(members: list[Member], chance: random.Random) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # a name twice
        for name, content, method in members:
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode()[:20_000] or "x.csv")
            info.compress_type = zipfile.ZIP_DEFLATED if method else zipfile.ZIP_STORED
            with archive.open(info, "w", force_zip64=chance.random() < 0.05) as file:
                file.write(content)
    return out.getvalue()


def _number_changed(data: bytes, chance: random.Random) -> bytes:
    """A number of one of the zip's own records, or a flag, or a byte of its name."""
    places = [(m.start(), _LENGTHS[m[0]]) for m in _RECORD.finditer(data)]
    if not places:
        return data
    begin, length = chance.choice(places)
    at = begin + chance.randrange(4, length + 10)
    size = chance.choice((1, 2, 2, 4, 8))
    number = chance.choice((*_NUMBERS, len(data), chance.randrange(2**16)))
    out = bytearray(data)
    if chance.random() < 0.2 and at + 4 <= len(out):
        number = struct.unpack_from("<I", out, at)[0] + chance.choice((-1, 1))
    out[at : at + size] = (number % 256**size).to_bytes(size, "little")
    return bytes(out[: len(data)])


MUTATORS: dict[str, Mutator] = {"listing": listing, "zip": zips, "mms": mms}
