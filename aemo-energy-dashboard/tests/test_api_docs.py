"""docs/api.md says what the API does, its examples run, and the script beside it draws the page's numbers."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import nem_files
import pandas as pd
import pytest
from client_methods import methods_and_paths
from serving import serving

from aemo_dashboard.api.questions import MOST_FIVES, MOST_PAGED_ROWS, MOST_ROWS
from aemo_dashboard.api.series import MOST_FLOWS
from aemo_dashboard.api_reference import renewed
from aemo_dashboard.client.asking import KEPT_BYTES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "api.md"
SCRIPT = ROOT / "docs" / "examples" / "generation_stack.py"
ADDRESS = "http://127.0.0.1:5010"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("docs") / "shared-data"
    nem_files.day(root)
    with serving(root) as running:
        yield f"http://127.0.0.1:{running.port}"


@pytest.fixture(scope="module")
def said() -> str:
    return DOCS.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_reference_is_up_to_date(said: str) -> None:
    assert said == renewed(said), "make it anew: python -m aemo_dashboard.api_reference docs/api.md"


def test_every_method_of_the_client_is_named_with_its_endpoint(said: str) -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| `(/api/\S+)` \|$", said, re.MULTILINE))
    assert table == methods_and_paths()


def test_its_limits_are_those_of_the_code(said: str) -> None:
    for limit in (MOST_ROWS, MOST_PAGED_ROWS):
        assert f"{limit:,} rows" in said
    assert f"flows {MOST_FLOWS:,};" in said
    assert f"over {MOST_FIVES.days} days at most" in said
    assert f"({KEPT_BYTES >> 20} MB)" in said


def test_its_addresses_answer(said: str, address: str) -> None:
    asked = {url for url in re.findall(rf"{ADDRESS}(/[^'\"\s]+)", said)}
    assert len(asked) >= 5
    for path in sorted(asked):
        assert httpx2.get(address + path).is_success, path


@pytest.mark.parametrize("document", ["docs/api.md", "aemo-energy-dashboard/README.md"])
def test_its_python_runs(document: str, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = blocks((ROOT / document).read_text(encoding="utf-8"), "python")
    assert examples
    for example in examples:
        names: dict[str, Any] = {}
        exec(example.replace(ADDRESS, address).replace("Client()", f"Client({address!r})"), names)
    if document == "docs/api.md":
        told = capsys.readouterr().out
        assert "'rrp': '$/MWh'" in told
        assert re.search(r"COAL1 .* 15444\.0", told)  # Σ (500 … 787) · 5/60 MWh
    else:
        assert list(names["prices"].columns) == ["settlementdate", "region", "rrp", "hours"]


RUN = """
import runpy, sys
folder, *sys.argv = sys.argv[1:]
made = runpy.run_path(sys.argv[0], run_name="__main__")
for name in ("mw", "price"):
    made[name].to_parquet(f"{folder}/{name}.parquet")
made["bands"].to_df().to_parquet(f"{folder}/bands.parquet")
"""


def test_the_script_draws_the_numbers_of_the_page(address: str, tmp_path: Path) -> None:
    picture = tmp_path / "stack.html"
    asked = [str(SCRIPT), "--url", address, "--region", "NSW1", "--to", str(picture)]
    told = subprocess.run([sys.executable, "-c", RUN, str(tmp_path), *asked], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "Coal                 15.32" in told.stdout  # GWh
    mw, price, edges = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("mw", "price", "bands"))
    assert mw["Coal"].iloc[-1] == 787.0 - 5.0
    assert mw["Battery charge"].tolist() == [-50.0] * 288

    file = httpx2.get(f"{address}/download/generation/stack/generation.csv?region=NSW1&range=1d").raise_for_status()
    page = pd.read_csv(io.BytesIO(file.content))
    assert pd.to_datetime(page["settlementdate"]).tolist() == mw.index.tolist()
    shown = {name: column for name, column in page.items() if str(name).endswith("_mw")}
    ours = {f"{series.lower().replace(' ', '_')}_mw": mw[series] for series in mw.columns}
    assert set(ours) == set(shown)
    for name, column in ours.items():
        assert column.tolist() == pytest.approx(shown[name].tolist()), name
    assert price["NSW1"].tolist() == page["price_NSW1"].tolist()

    assert len(edges) == 2 * 288  # each interval has its begin and its end
    assert edges["time"][:2].tolist() == [pd.Timestamp("2026-08-30 18:10"), pd.Timestamp("2026-08-30 18:15")]
    assert edges["Coal up high"].iloc[-1] == 100.0 + 600.0 + 787.0 - 5.0  # on the sun of plants and of roofs
    assert edges["Load down high"].min() == -200.0  # pumping
    assert edges["Battery charge down high"].min() == -250.0  # and charging, −30 and −20, below it
    text = picture.read_text(encoding="utf-8")
    assert "2026-08-30 18:10 to 2026-08-31 18:10 NEM time" in text
    assert not re.findall(r"<(?:script|link)[^>]+(?:src|href)=", text)  # all that it needs is in it
