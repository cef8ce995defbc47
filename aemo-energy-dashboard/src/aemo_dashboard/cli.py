"""``aemo-dashboard``: the command line."""

import sys
from typing import Annotated

import typer

from aemo_dashboard import __version__
from aemo_dashboard.config import load_settings
from aemo_dashboard.errors import ConfigError
from aemo_dashboard.logs import ERROR_IN_JOURNAL, is_journal, set_up_logging

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Show Australia's electricity market from the files that aemo-updater keeps."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [DASHBOARD_HOST].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on [DASHBOARD_PORT].")] = None,
) -> None:
    """Serve the pages and the HTTP interface until stopped."""
    try:
        settings = load_settings()
        chosen = {"dashboard_host": host, "dashboard_port": port}
        settings = settings.model_copy(update={name: value for name, value in chosen.items() if value is not None})
        set_up_logging(settings)
    except ConfigError as error:
        typer.echo(f"{ERROR_IN_JOURNAL if is_journal(sys.stderr) else ''}{error}", err=True)
        raise typer.Exit(2) from None
    # Panel takes seconds to import; a bad setting and --help should not wait for it.
    from aemo_dashboard.app import serve as run

    run(settings)
