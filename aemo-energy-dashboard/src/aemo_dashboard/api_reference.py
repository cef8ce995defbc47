"""The reference in docs/api.md, made from the endpoints' records by
``python -m aemo_dashboard.api_reference docs/api.md``.

What people wrote in that file stands above a line; everything below it is made.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aemo_dashboard.api.columns import COUNT, FLOAT, STAMP, TEXT, TEXTS, Column
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.facts import FACTS
from aemo_dashboard.api.questions import Asked
from aemo_dashboard.api.routes import ENDPOINTS
from aemo_dashboard.api.stations import ONE_STATION

LINE = "<!-- From here on made by: python -m aemo_dashboard.api_reference docs/api.md -->"
KINDS = {STAMP: "time", TEXT: "text", TEXTS: "texts", FLOAT: "number", COUNT: "whole number"}
EVERY = (*ENDPOINTS, ONE_STATION)


def render() -> str:
    """All below the line."""
    return "\n".join([LINE, "", _parameters(), *map(_endpoint, EVERY), *(_facts(*fact) for fact in FACTS)])


def renewed(text: str) -> str:
    """The file with what is below the line made anew. ValueError where it has no such line."""
    head, found, _ = text.partition(LINE)
    if not found:
        raise ValueError(f"docs/api.md has no line {LINE!r}.")
    return head + render()


def _parameters() -> str:
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for endpoint in EVERY:
        for name, schema in endpoint.asked.model_json_schema()["properties"].items():
            row = (f"`{name}`", _values(schema), _default(schema), str(schema["description"]))
            rows.setdefault(row, []).append(endpoint.path)
    lines = ["## Parameters", "", "| parameter | values | default | meaning |", "|---|---|---|---|"]
    names = [row[0] for row in rows]
    for row, paths in rows.items():
        of = f" Of {', '.join(f'`{path}`' for path in paths)}." if names.count(row[0]) > 1 else ""
        lines.append(f"| {' | '.join(row)}{of} |")
    return "\n".join(lines) + "\n"


def _values(schema: Mapping[str, Any]) -> str:
    """What may be said, in words."""
    kind = next((each for each in schema.get("anyOf", ()) if each["type"] != "null"), schema)
    if "$ref" in kind:
        kind = Asked.model_json_schema()["$defs"][kind["$ref"].rpartition("/")[2]]
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if kind["type"] == "integer":
        return f"{kind['minimum']:,} to {kind['maximum']:,}"
    if kind["type"] == "array":
        return f"up to {kind['maxItems']}"
    return "text"


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    return "" if default is None else f"`{default}`"


def _endpoint(endpoint: Endpoint) -> str:
    own = [name for name in endpoint.asked.model_fields if name not in Asked.model_fields]
    asked = [f"`{name}`" for name in own] + (["`id` in the path"] if "{id}" in endpoint.path else [])
    lines = [f"## {endpoint.path}", "", f"{endpoint.title}. {endpoint.meaning} Parameters: {', '.join(asked)}.", ""]
    lines += ["| column | type | unit | meaning |", "|---|---|---|---|", *map(_column, endpoint.columns)]
    return "\n".join(lines) + "\n"


def _column(column: Column) -> str:
    name = f"**{column.name}**" if column.never_null else column.name
    return f"| {name} | {KINDS[column.kind]} | {column.unit} | {column.meaning} |"


def _facts(path: str, title: str, schema: Mapping[str, Any], _: object) -> str:
    lines = [f"## {path}", "", f"{title}. JSON; no parameters.", "", "| field | type | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in _fields(schema, "")]
    return "\n".join(lines) + "\n"


def _fields(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, str, str]]:
    """Every field, those of lists and objects within by ``tables[].rows``."""
    for name, each in schema["properties"].items():
        kinds = each["type"] if isinstance(each["type"], list) else [each["type"]]
        kind = "time" if each.get("format") == "date-time" else kinds[0]
        yield before + name, " or ".join([kind, *kinds[1:]]), each.get("description", "")
        if kind == "array":
            yield from _fields(each["items"], f"{before}{name}[].")
        elif "additionalProperties" in each:
            yield f"{before}{name}.<table>", "time or null", "End of its newest stored interval"


def main(path: Path) -> None:
    """Renew a file."""
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
