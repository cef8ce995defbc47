"""Coverage-guided fuzzing of a parser: ``python aemo-data-updater/fuzz listing|zip|mms --seconds 3600``.

Needs the extra ``fuzz`` of this package (Linux). The corpus grows in a folder that is given, or in a temporary one.
Inputs that break the parser's contract are kept in ``found`` below it, the smallest of each kind; what hangs or dies
is kept by libFuzzer there, and the run goes on until its time is over. On a busy machine an input may seem to hang.
"""

import argparse
import hashlib
import importlib.util
import io
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

MAX_INPUT_BYTES = {"listing": 2**13, "zip": 2**15, "mms": 2**14}
SLOW_SECONDS = 10
MEMORY_MB = 500
RESTARTS = 20
"""How often a run goes on after an input that hangs or kills it."""

_STAT = re.compile(r"stat::(\w+):\s+(\d+)")


def main() -> int:
    """Fuzz, and say what was run and found; 1 where something was, 2 where the fuzzer itself failed."""
    arguments = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    arguments.add_argument("target", choices=MAX_INPUT_BYTES)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--folder", type=Path, help="where the corpus and the finds are kept; else a temporary one")
    arguments.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if importlib.util.find_spec("atheris") is None:
        arguments.error("atheris is not installed; it comes with the extra: pip install -e 'aemo-data-updater[fuzz]'")
    if given.child:
        _child(given.target, given.folder, given.seconds)
        return 0
    if given.folder is not None:
        return _run(given.target, given.folder, given.seconds)
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{given.target}-") as folder:
        return _run(given.target, Path(folder), given.seconds)


def _run(target: str, folder: Path, seconds: int) -> int:
    """Run libFuzzer in a process of its own, again where an input killed it, and add up what it says of itself."""
    corpus, found = folder / "corpus", folder / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    count = _seed(target, folder, corpus)
    print(f"{target}: {count} seeds, {seconds} s, at most {MEMORY_MB} MB, in {folder}", flush=True)
    began = time.monotonic()
    executions = peak = 0
    for _ in range(1 + RESTARTS):
        left = seconds - int(time.monotonic() - began)
        if left <= 0:
            break
        before = set(found.iterdir())
        stats, code = _attempt(target, folder, left)
        executions += stats.get("number_of_executed_units", 0)
        peak = max(peak, stats.get("peak_rss_mb", 0))
        if code == 0:
            break
        if set(found.iterdir()) == before:
            print(f"{target}: ended with {code} by no input's fault", file=sys.stderr)
            return 2
    spent = time.monotonic() - began
    finds = sorted(found.iterdir())
    print(f"\n{target}: {executions:,} executions in {spent:,.0f} s, {executions / spent:,.0f} a second")
    print(f"{target}: peak memory {peak} MB, {sum(1 for _ in corpus.iterdir()):,} inputs in the corpus")
    print(f"{target}: {len(finds)} finds" + "".join(f"\n  {f.name}, {f.stat().st_size} bytes" for f in finds))
    return 1 if finds else 0


def _attempt(target: str, folder: Path, seconds: int) -> tuple[dict[str, int], int]:
    command = [sys.executable, __file__, target, "--folder", str(folder), "--seconds", str(seconds), "--child"]
    stats: dict[str, int] = {}
    with subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        for line in io.TextIOWrapper(run.stdout, errors="replace"):
            print(line, end="", flush=True)
            if match := _STAT.search(line):
                stats[match[1]] = int(match[2])
            elif match := re.match(r"#(\d+)\t.* rss: (\d+)Mb", line):  # all that there is of a run that dies
                stats |= {"number_of_executed_units": int(match[1])}
                stats["peak_rss_mb"] = max(int(match[2]), stats.get("peak_rss_mb", 0))
    return stats, run.returncode


def _seed(target: str, folder: Path, corpus: Path) -> int:
    """Write the seeds and the dictionary; how many seeds there are."""
    from mutators import WORDS
    from seeds import REALDATA, seeds

    some = seeds(target, REALDATA if REALDATA.is_dir() else None)
    for data in some:
        (corpus / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)
    spelled = ("".join(f"\\x{byte:02x}" for byte in word) for word in WORDS[target])
    (folder / "words").write_text("".join(f'"{word}"\n' for word in spelled))
    return len(some)


def _child(target: str, folder: Path, seconds: int) -> None:
    """Run libFuzzer; it ends the process."""
    import atheris

    sys.modules.pop("zipfile", None)  # was needed to get here; once more, watched
    with atheris.instrument_imports(include=["aemo_updater", "zipfile", "html"], enable_loader_override=False):
        from contract import CONTRACTS
        from mutators import MUTATORS
    contract, mutator = CONTRACTS[target], MUTATORS[target]
    finds = _Finds(folder / "found")

    def one_input(data: bytes) -> None:
        try:
            contract(data)
        except Exception as error:  # noqa: BLE001 - a find; the run goes on
            finds.add(error, data)

    def mutated(data: bytes, limit: int, seed: int) -> bytes:
        return mutator(data, limit, random.Random(seed), atheris.Mutate)

    options = {
        "dict": folder / "words",
        "max_len": MAX_INPUT_BYTES[target],
        "timeout": SLOW_SECONDS,
        "report_slow_units": SLOW_SECONDS,
        "rss_limit_mb": MEMORY_MB,
        "max_total_time": seconds,
        "print_final_stats": 1,
        "artifact_prefix": f"{folder / 'found'}/",
    }
    flags = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *flags, str(folder / "corpus")], one_input, custom_mutator=mutated)
    atheris.Fuzz()


class _Finds:
    """The smallest input of each kind of failure: what was raised, and where."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.smallest: dict[str, int] = {}

    def add(self, error: Exception, data: bytes) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"
        if kind not in self.smallest:
            print(f"FOUND {kind}: {str(error)[:300]!r}", flush=True)
            traceback.print_exception(error, limit=-6)
        if len(data) < self.smallest.get(kind, sys.maxsize):
            self.smallest[kind] = len(data)
            (self.folder / kind).write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
