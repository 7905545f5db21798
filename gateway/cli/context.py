"""What every command may ask for: the home, the clock, and the wired application, made when first needed."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.bootstrap import App, open_app
from gateway.ports.clock import Clock, FixedClock, SystemClock
from gateway.settings import Home, find_home


@dataclass(slots=True)
class Context:
    """The global options of one call."""

    home_option: Path | None
    as_of: datetime | None
    log_level: str | None
    _app: App | None = field(default=None, init=False)

    @property
    def home(self) -> Path | None:
        """The folder named by --home or GATEWAY_HOME, if any."""
        return self.home_option

    @property
    def clock(self) -> Clock:
        """The system's clock, or one that stands where --as-of put it."""
        return SystemClock() if self.as_of is None else FixedClock(self.as_of)

    def app(self) -> App:
        """Wire the application of this home once; raises ConfigurationError naming every mistake."""
        if self._app is None:
            self._app = open_app(Home(find_home(self.home_option)), self.clock)
        return self._app
