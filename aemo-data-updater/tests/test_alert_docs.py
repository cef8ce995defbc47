"""Operations explain each alert that a rule can send."""

import re
from pathlib import Path

from test_alert_day import TOLD

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_each_alert_of_a_day_has_its_row() -> None:
    chapter = OPERATIONS.read_text(encoding="utf-8").partition("## Alerts\n")[2].partition("\n## ")[0]
    firsts = [row.split("|")[1] for row in chapter.splitlines() if row.startswith("| `")]
    shown = [shape for first in firsts for shape in re.findall("`([^`]+)`", first)]
    patterns = [".*".join(map(re.escape, shape.split("…"))) for shape in shown]
    unexplained = [text for _, text in TOLD if not any(re.match(pattern, text) for pattern in patterns)]
    assert unexplained == []
    assert len(shown) == len(set(shown)) >= 17
