"""The page that shows the HTTP interface, in a real browser."""

from pathlib import Path

import nem_files
import pytest
from browsing import Visit


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "shared-data"
    nem_files.day(folder)
    return folder


def test_an_endpoint_is_tried_there_and_nobody_else_is_asked(visit: Visit) -> None:
    visit.page.goto(f"{visit.address}docs")
    operation = visit.page.locator("#operations-Numbers-prices-regional")
    operation.wait_for()
    assert visit.page.locator(".opblock").count() == 14
    operation.click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response")
    answer.first.wait_for()
    assert answer.locator(".response-col_status").first.inner_text().startswith("200")
    assert '"settlementdate": "2026-08-30T18:15:00+10:00"' in answer.first.inner_text()
    asked = [url for url in visit.requests if "/api/prices/regional" in url]
    assert len(asked) == 1
    assert "region=NSW1" in asked[0]
    visit.assert_quiet()
