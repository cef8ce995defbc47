"""The socket on which the collector is spoken with."""

import asyncio
import logging
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from aemo_updater import control
from aemo_updater.control import NAME, NoCollectorError, ask_state, listening, of_this_process, order


async def will(said: str) -> tuple[bool, str]:
    return True, said


async def test_the_state_and_orders_are_answered(tmp_path: Path) -> None:
    asked: list[str] = []

    async def busy() -> tuple[bool, str]:
        asked.append("cycle")
        return False, "a cycle is at work already"

    async with listening(tmp_path, lambda: {"pid": 7, "healing": True}, {"cycle": busy, "test": lambda: will("sent")}):
        assert await ask_state(tmp_path) == {"pid": 7, "healing": True}
        assert await order(tmp_path, "cycle") == (False, "a cycle is at work already")
        assert await order(tmp_path, "test") == (True, "sent")
        assert await order(tmp_path, "format") == (False, "the collector knows no 'format'")
        assert asked == ["cycle"]
        mode = (tmp_path / NAME).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / NAME).exists()


async def test_nobody_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoCollectorError, match=r"collector\.sock: no collector answers there"):
        await ask_state(tmp_path)


async def test_a_socket_that_a_killed_collector_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"")
    async with listening(tmp_path, lambda: {"pid": 1}, {}):
        assert await ask_state(tmp_path) == {"pid": 1}


@pytest.mark.skipif(not control.OPEN_FOLDERS.is_dir(), reason="only Linux has a short name for an open folder")
async def test_a_path_that_is_too_long_for_the_system_is_none_for_us(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    (deep / NAME).write_bytes(b"")
    open_files = len(list(control.OPEN_FOLDERS.iterdir()))
    async with listening(deep, lambda: {"pid": 7}, {}):
        assert stat.S_IMODE((deep / NAME).stat().st_mode) == 0o600
        assert [await ask_state(deep) for _ in range(3)] == [{"pid": 7}] * 3
    assert list(deep.iterdir()) == []
    with pytest.raises(NoCollectorError, match="no collector answers there"):
        await ask_state(deep)
    await asyncio.sleep(0.05)
    assert len(list(control.OPEN_FOLDERS.iterdir())) == open_files
    assert caplog.text == ""


async def test_a_path_that_is_too_long_is_said_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(control, "OPEN_FOLDERS", tmp_path / "macOS has none")
    async with listening(deep, dict, {}):
        assert list(deep.iterdir()) == []
    assert "path too long" in caplog.text


async def test_a_folder_that_cannot_be_written_is_said_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(tmp_path / "none", dict, {}):
        pass
    assert "no socket there (No such file or directory)" in caplog.text


async def test_an_answer_that_fails_and_one_who_says_nothing_end_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PATIENCE_SECONDS", 0.2)

    def breaks() -> dict[str, object]:
        raise RuntimeError("no state")

    async with listening(tmp_path, breaks, {"test": lambda: will("sent")}):
        with pytest.raises(NoCollectorError):
            await ask_state(tmp_path)
        assert "this program's fault" in caplog.text
        _, silent = await asyncio.open_unix_connection(tmp_path / NAME)
        _, long = await asyncio.open_unix_connection(tmp_path / NAME)
        long.write(b"x" * 100_000)
        await asyncio.sleep(0.3)
        assert await order(tmp_path, "test") == (True, "sent")
        for writer in (silent, long):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR and "RuntimeError" not in (r.exc_text or "")]


async def test_one_that_hangs_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PATIENCE_SECONDS", 0.1)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other one is tired
        writer.close()
        await writer.wait_closed()
        ended.set()

    ended = asyncio.Event()
    server = await asyncio.start_unix_server(hang, tmp_path / NAME)
    with pytest.raises(NoCollectorError, match=r"does not answer within 0\.1 s"):
        await ask_state(tmp_path)
    await asyncio.wait_for(ended.wait(), 5)
    server.close()
    await server.wait_closed()


def test_what_this_process_takes() -> None:
    took = of_this_process()
    assert took["pid"] > 0
    assert 10e6 < took["resident_bytes"] < took["peak_bytes"] * 1.5
    assert took["open_files"] >= 3
