"""History: what the data folder lacks of a span, fetched from CURRENT, ARCHIVE and MMSDM."""

from aemo_updater.backfill.report import BackfillReport, Gap, Progress
from aemo_updater.backfill.run import backfill

__all__ = ["BackfillReport", "Gap", "Progress", "backfill"]
