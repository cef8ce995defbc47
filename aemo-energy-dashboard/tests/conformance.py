"""What schemathesis is told of the HTTP interface: which answers to questions that the schema allows are right.

Some rules lie between parameters, or between one and the data, where no schema can say them: the start of a range is
before its end, a cursor is of this question, a fuel is one that there is. Who breaks one of these, and these alone, may
be refused; `schemathesis.toml` allows the status, and the check here wants the sentence.
"""

import re

import schemathesis
from schemathesis import Case, CheckContext, Response

RULES = {
    422: (
        "cursor can't be used: no answer to this question gave it",
        "cursor can't be used: the data has changed",
        "The range ends before it begins",
        "The year [0-9]{4} is not between",
        "'[^']*' is not a date or time",
        "'[^']*' is no (fuel|interconnector)",
        "no unit of the registration list",
        "in no registration list",
        "has not begun in the stored data",
    ),
    413: (
        "This would be some",
        "This would be [0-9,]+ rows",
        "5-minute intervals are added up over [0-9]+ days at most",
    ),
}


@schemathesis.check
def refused_by_a_rule(ctx: CheckContext, response: Response, case: Case) -> None:
    """What the schema allows is refused with the sentence of one of these rules only."""
    mode = case.meta.generation.mode if case.meta is not None else None
    if mode is not schemathesis.GenerationMode.POSITIVE or response.status_code not in RULES:
        return
    sentence = response.json()["error"]
    assert any(re.search(rule, sentence) for rule in RULES[response.status_code]), sentence
