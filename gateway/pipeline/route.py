"""The route: which station does what, and what it hands on. The table of contents of the product.

    poll ──► check ──► apply ──► acknowledge ──► deliver
                         │ 834: enroll ──► invoice request
                         │ 820: settle              (an enrolment or a bill came that money waited for) ──► place_again
                         └ 997, 999, 824: reconcile
    bill (daily) ──► invoice ──► feed ──► deliver
    watch, sweep (hourly)
    delinquency, review_payments (daily): notices, termination requests, cases
    review (a person released or refused a held set) ──► enroll, acknowledge

Every station takes one subject, reads its state, and does nothing when that is not the state it works on: running
any station twice changes nothing. What it hands on is a job written in the same transaction as its effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.domain.exchange import FileState
from gateway.pipeline.acknowledge import acknowledge
from gateway.pipeline.apply import apply_file, give_up_apply
from gateway.pipeline.bill import bill_due
from gateway.pipeline.check import check_file
from gateway.pipeline.delinquency import collect
from gateway.pipeline.deliver import deliver, give_up
from gateway.pipeline.feed import feed, feed_partner
from gateway.pipeline.place_again import place_again
from gateway.pipeline.plant import Plant
from gateway.pipeline.quarantine import leave_it, quarantine_file
from gateway.pipeline.receive import poll
from gateway.pipeline.release import carry_out, give_up_review
from gateway.pipeline.review_payments import review_payments
from gateway.pipeline.run import give_up_invoice, invoice
from gateway.pipeline.sweep import sweep
from gateway.pipeline.watch import watch
from gateway.ports.jobs import Job

GivenUp = Callable[[Plant, Job, Exception], None]


@dataclass(frozen=True, slots=True)
class Station:
    """One step: what runs it on a subject, and what is written down when it is given up."""

    run: Callable[[Plant, str], object]
    given_up: GivenUp  # takes the last error too: what it was decides what is written


ROUTE: Mapping[str, Station] = {
    "poll": Station(poll, leave_it),  # partner id: the next poll looks again
    "check": Station(check_file, quarantine_file(FileState.RECEIVED)),  # file id
    "apply": Station(apply_file, give_up_apply),  # file id: what was applied is acknowledged all the same
    "review": Station(carry_out, give_up_review),  # review id
    "place_again": Station(place_again, leave_it),  # receipt id, cause: the money stays where it waits
    "acknowledge": Station(acknowledge, quarantine_file(FileState.APPLIED)),  # file id
    "bill": Station(bill_due, leave_it),  # date: the next run takes what is left
    "invoice": Station(invoice, give_up_invoice),  # account id, date, order: the account is held
    "feed": Station(feed, leave_it),  # invoice id
    "feeds": Station(feed_partner, leave_it),  # partner id: the slot of its feed schedule
    "deliver": Station(deliver, give_up),  # document id
    "delinquency": Station(collect, leave_it),  # date, or account id and date: the next day looks again
    "review_payments": Station(review_payments, leave_it),  # date, or account id and date
    "watch": Station(watch, leave_it),  # partner id
    "sweep": Station(sweep, leave_it),  # this home: what interrupted work left behind
}
