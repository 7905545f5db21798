"""What every command may ask for: the home, the clock, and the wired application, made when first needed."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import logs
from gateway.ports.clock import Clock, FixedClock, SystemClock
from gateway.settings import Home, find_home

if TYPE_CHECKING:
    from gateway.bootstrap import App


@dataclass(slots=True)
class Context:
    """The global options of one call."""

    home_option: Path | None
    as_of: datetime | None
    log_level: str | None
    log_json: bool
    _app: "App | None" = field(default=None, init=False)

    @property
    def home(self) -> Path | None:
        """The folder named by --home or GATEWAY_HOME, if any."""
        return self.home_option

    @property
    def clock(self) -> Clock:
        """The system's clock, or one that stands where --as-of put it."""
        return SystemClock() if self.as_of is None else FixedClock(self.as_of)

    def app(self) -> "App":
        """Wire the application of this home once, with its database ready.

        Raises ConfigurationError naming every mistake, and SchemaOutdated for a database of another program version.
        """
        is_new = self._app is None
        app = self.wired()
        if is_new:
            app.prepare()
        return app

    def wired(self) -> "App":
        """Wire the application of this home once; the database may be any."""
        # Wiring imports everything there is: a second that `validate`, which needs none of it, must not wait.
        from gateway.bootstrap import open_app  # noqa: PLC0415 - as said above

        if self._app is None:
            self._app = open_app(Home(find_home(self.home_option)), self.clock)
            wanted = self._app.plant.settings.logging
            logs.configure(level=self.log_level or wanted.level, as_json=self.log_json or wanted.as_json)
        return self._app
