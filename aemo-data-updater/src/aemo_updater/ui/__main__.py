"""``python -m aemo_updater.ui OPTIONS``: what `aemo-updater ui` becomes when it has read its settings."""

import asyncio
import logging
import os
import sys

from aemo_updater.errors import UpdaterError
from aemo_updater.logs import configure_logging
from aemo_updater.ui.options import Options


def main() -> None:
    """Serve until stopped; 2 where that cannot be."""
    options = Options.read(sys.argv[1])
    os.environ.pop("BOKEH_ALLOW_WS_ORIGIN", None)  # it is in the options; Bokeh would take it for all there is
    try:
        configure_logging(options.log_level, options.log_dir, "status")
        if options.log_level != "DEBUG":  # these tell of every session, and tornado of every 503 that is meant
            for talkative in ("panel", "bokeh", "tornado.general"):
                logging.getLogger(talkative).setLevel(logging.WARNING)
            logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
            logging.getLogger("bokeh.server.util").setLevel(logging.ERROR)  # it warns of "*", which is not all here
        from aemo_updater.ui.server import serve

        asyncio.run(serve(options))
    except UpdaterError as error:
        print(f"aemo-updater: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
