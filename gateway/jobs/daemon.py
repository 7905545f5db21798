"""The daemon: a timetable that enqueues and a runner that works, started and ended together."""

from gateway.ports.jobs import Runner, Timetable


class Daemon:
    """Runs until it is stopped; what is in hand is then finished, what is not begun is left for the next start."""

    def __init__(self, timetable: Timetable, runner: Runner) -> None:
        """Take the two parts; nothing starts before `run`."""
        self._timetable = timetable
        self._runner = runner

    def run(self) -> None:
        """Tick and work until `stop`; returns when nothing is in hand any more."""
        self._timetable.start()
        try:
            self._runner.run()
        finally:
            self._timetable.stop()

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._runner.stop()
