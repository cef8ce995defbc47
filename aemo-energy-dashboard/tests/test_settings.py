"""Settings and the command line: sentences, not traces."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aemo_dashboard.app import create_app
from aemo_dashboard.config import Settings, load_settings
from aemo_dashboard.errors import ConfigError

NAMES = (
    "SHARED_DATA_DIR",
    "DASHBOARD_HOST",
    "DASHBOARD_PORT",
    "CACHE_TTL_SECONDS",
    "DASHBOARD_CACHE_DIR",
    "LOG_DIR",
    "LOG_LEVEL",
    "BOKEH_ALLOW_WS_ORIGIN",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.dashboard_host, settings.dashboard_port, settings.cache_ttl_seconds) == ("127.0.0.1", 5010, 300)
    assert settings.shared_data_dir == tmp_path / "shared-data"


def test_shared_data_of_the_checkout_is_found_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared-data").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert load_settings().shared_data_dir == tmp_path / "shared-data"


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DASHBOARD_PORT=6001\nLOG_LEVEL=debug\nLOG_DIR=\nTWILIO_AUTH_TOKEN=not-ours\n")
    monkeypatch.setenv("DASHBOARD_PORT", "6002")
    settings = load_settings()
    assert (settings.dashboard_port, settings.log_level, settings.log_dir) == (6002, "DEBUG", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DASHBOARD_PORT", "many"), ("DASHBOARD_PORT", "70000"), ("CACHE_TTL_SECONDS", "-1"), ("LOG_LEVEL", "loud")],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"(?i){name}='{value}'"):
        load_settings()


def test_a_file_is_no_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").write_text("")
    monkeypatch.setenv("SHARED_DATA_DIR", str(tmp_path / "data.csv"))
    with pytest.raises(ConfigError, match=r"SHARED_DATA_DIR.*not a folder"):
        load_settings()


def test_the_command_stops_with_a_sentence_and_code_2(tmp_path: Path) -> None:
    environment = {**os.environ, "DASHBOARD_PORT": "many"}
    script = Path(__file__).parents[1] / "run_dashboard_duckdb.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("DASHBOARD_PORT='many' can't be used")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_every_setting_is_explained() -> None:
    text = (Path(__file__).resolve().parents[2] / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    assert {name.upper() for name in Settings.model_fields} <= explained


def test_a_proxys_name_may_come_from_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOKEH_ALLOW_WS_ORIGIN=nem.example.org, other.example.org:8443\n")
    app = create_app(load_settings())
    own = {"127.0.0.1:5010", "localhost:5010"}
    assert set(app.state.bokeh.websocket_origins) == {"nem.example.org", "other.example.org:8443"} | own
