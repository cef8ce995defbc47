"""Fixtures of the dashboard's tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# pytest's importlib mode puts no test folder on the path; the helper module beside this file is wanted by its name.
sys.path.insert(0, str(Path(__file__).parent))

import nem_files
from browsing import Visit, chromium, dashboard
from playwright.sync_api import BrowserContext

from aemo_dashboard.shared.duckdb_views import Views
from aemo_dashboard.shared.hybrid_query_manager import QueryManager

THEIRS = (  # warnings are errors, but for these, which only others can mend
    # Panel makes Tornado's requests in the old way.
    "The method, uri, and version arguments to HTTPServerRequest:DeprecationWarning",
    "The start_line argument to HTTPServerRequest:DeprecationWarning",
    # Bokeh resets a frame's index in place.
    "The inplace keyword in DataFrame.reset_index is deprecated:pandas.errors.Pandas4Warning:bokeh.models.sources",
)


def pytest_configure(config: pytest.Config) -> None:
    """Leave other people's warnings alone."""
    for warning in THEIRS:
        config.addinivalue_line("filterwarnings", f"ignore:{warning}")


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Roll-ups lie in a folder of the test run, not in the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHBOARD_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "shared-data"
    folder.mkdir()
    return folder


@pytest.fixture
def day(root: Path) -> Path:
    """A data folder with the easy day of ``nem_files.day``."""
    nem_files.day(root)
    return root


@pytest.fixture
def queries(root: Path, tmp_path: Path) -> Iterator[QueryManager]:
    """Queries over ``root``."""
    views = Views(root, tmp_path / "cache")
    yield QueryManager(views, ttl_seconds=300)
    views.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """A real browser."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[str]:
    """The address of a dashboard over the module's own fixture ``data``."""
    with dashboard(data) as served:
        yield served


@pytest.fixture
def visit(browser: BrowserContext, address: str) -> Iterator[Visit]:
    """A tab of the browser at that dashboard."""
    visit = Visit(browser, address)
    yield visit
    visit.page.close()
