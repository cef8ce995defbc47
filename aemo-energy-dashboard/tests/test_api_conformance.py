"""The HTTP interface does what its document says, whatever it is asked: schemathesis, over hand-made data."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from serving import serving

PACKAGE = Path(__file__).parents[1]
TOKEN = "a-token-of-some-length"
SCRIPT = Path(sys.executable).with_name("schemathesis")


def tried(port: int, *arguments: str) -> int:
    """Try all checks with few examples; how many questions were asked. They are the same at each run."""
    command = [str(SCRIPT), "run", f"http://127.0.0.1:{port}/openapi.json", "--checks=all", "--seed=1"]
    done = subprocess.run(
        [*command, "--no-color", "--generation-database=none", *arguments],
        cwd=PACKAGE,  # schemathesis.toml is here
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests/conformance.py", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    passed = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert passed is not None, done.stdout
    return int(passed[2])


def test_every_answer_is_as_the_document_says(day: Path) -> None:
    with serving(day) as running:
        assert tried(running.port, "--max-examples=3") > 800


def test_with_a_token_nobody_gets_an_answer_without(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    with serving(day) as running:
        few = ("--max-examples=1", "--phases=examples,fuzzing")
        assert tried(running.port, f"--header=Authorization: Bearer {TOKEN}", *few) > 20
