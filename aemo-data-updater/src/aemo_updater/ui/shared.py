"""What all sessions share: the snapshots, and the HTML that is made of each once."""

from dataclasses import dataclass, field

from aemo_updater.ui.options import Options
from aemo_updater.ui.producer import Producer
from aemo_updater.ui.rendering import render


@dataclass
class Shared:
    """Made once in the page's process."""

    options: Options
    producer: Producer
    _version: int = -1
    _rendered: dict[str, str] = field(default_factory=dict)

    def rendered(self) -> dict[str, str]:
        """The parts of the page as the latest snapshot has them."""
        if self._version != self.producer.version:
            self._version, self._rendered = self.producer.version, render(self.producer.snapshot)
        return self._rendered
