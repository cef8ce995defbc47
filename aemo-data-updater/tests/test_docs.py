"""The docs say what the code does."""

import re
from pathlib import Path

from aemo_updater.config import Settings
from aemo_updater.dictionary import render

ROOT = Path(__file__).resolve().parents[2]


def test_data_dictionary_is_up_to_date() -> None:
    said = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert said == render(), "make it anew: python -m aemo_updater.dictionary > docs/data-dictionary.md"


def test_every_setting_is_explained() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    assert {name.upper() for name in Settings.model_fields} <= explained
