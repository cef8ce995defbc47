"""The errors of the dashboard; each one is a sentence for the reader and an action for the code.

DashboardError
├── ConfigError    a setting is wrong: stop the start with exit code 2
├── NoDataError    nothing is stored yet: show the sentence, look again at the next tick
├── DataError      the data folder is of a kind this version can't read: show the sentence
└── RequestError   a visitor asked for something that doesn't exist: answer 422 with the sentence
    ├── UnknownError   the thing that a path names isn't there: answer 404
    └── TooMuchError   the answer would be too large: answer 413 and say what to ask instead
"""


class DashboardError(Exception):
    """Base of all errors that the dashboard raises on purpose."""


class ConfigError(DashboardError):
    """A setting has a value that can't be used."""


class NoDataError(DashboardError):
    """The data folder holds no interval yet."""


class DataError(DashboardError):
    """The data folder can't be read by this version."""


class RequestError(DashboardError):
    """The region, range or date that was asked for isn't one."""


class UnknownError(RequestError):
    """What a path names is not there."""


class TooMuchError(RequestError):
    """The answer would be larger than one may be."""


def reason(error: Exception, *folders: object) -> str:
    """What a library says of a failure, in a line that anybody may read: without the folders that files are in."""
    said = next(iter(str(error).splitlines()), type(error).__name__)
    for folder in folders:
        said = said.replace(f"{folder}/", "")
    return said
