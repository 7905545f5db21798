"""What interrupted work leaves behind, and the janitor of deliveries that nobody has in hand."""

from datetime import timedelta

from gateway.logs import get_logger
from gateway.pipeline.deliver import resume_deliveries
from gateway.pipeline.plant import Plant

TICKS_KEPT = timedelta(days=7)
"""A slot is made up for an hour at most (jobs/timetable.py), so that a tick of last week decides nothing any more."""


def sweep(plant: Plant, _here: str) -> None:
    """Remove the temporary files of killed fetches and the ticks of last week; take stranded deliveries up again.

    Running it twice changes nothing, and nothing that anybody has in hand is touched.
    """
    leftovers = list(plant.archive.list_leftovers())
    for leftover in leftovers:
        plant.archive.remove_leftover(leftover)
    with plant.open_unit() as unit:
        ticks = unit.forget_ticks(plant.clock.now() - TICKS_KEPT)
        resumed = resume_deliveries(unit)
        unit.commit()
    if leftovers or resumed:
        get_logger().warning("swept up after interrupted work", leftovers=len(leftovers), deliveries=resumed)
    get_logger().info("swept", ticks=ticks)
