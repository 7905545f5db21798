"""Every class of error has its decision: no refusal looks like success, nothing is tried for ever (LESSONS 10.1)."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from gateway import errors
from gateway.pipeline.retry import after_failure, pause
from gateway.ports.jobs import Done, GiveUp, Job, RetryAt
from gateway.settings import Work

NOW = datetime(2025, 11, 5, 12, tzinfo=UTC)
JOB = Job("deliver", "D1", lock="deliver/acme")
WORK = Work()

FOREVER = {  # how many attempts each class gets
    errors.GatewayError: 3,
    errors.ConfigurationError: 1,
    errors.HomeInUse: 1,
    errors.NotFound: 3,
    errors.StoreError: 1,
    errors.SchemaOutdated: 1,
    errors.ConcurrentChange: 12,
    errors.StoreUnavailable: 12,
    errors.ArchiveError: 3,
    errors.KeptBytesDiffer: 3,
    errors.TransportError: 1,
    errors.HostUnreachable: 12,
    errors.HostBusy: 12,
    errors.ConnectionDropped: 12,
    errors.TransferIncomplete: 12,
    errors.HostKeyRefused: 1,
    errors.PartnerRefusedLogin: 3,
    errors.RemoteRefused: 1,
    errors.RemoteFileGone: 1,
    errors.LimitExceeded: 3,
    errors.InvariantBroken: 3,
    errors.NotAllowed: 3,
    errors.ValueNotWritable: 3,
    ValueError: 3,
}


def attempts(error):
    for attempt in range(1, 100):
        if isinstance(after_failure(error, JOB, attempt, now=NOW, work=WORK), GiveUp):
            return attempt
    return None


@pytest.mark.parametrize(("kind", "expected"), FOREVER.items(), ids=lambda value: getattr(value, "__name__", value))
def test_each_class_of_error_is_tried_as_often_as_it_can_help(kind, expected):
    assert expected == attempts(kind())


def test_no_class_of_our_error_tree_is_without_a_row():
    classes = {each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.GatewayError)}
    assert classes - set(FOREVER) == set()


@pytest.mark.parametrize("kind", FOREVER)
@pytest.mark.parametrize("attempt", [1, 2, 11, 12, 50])
def test_no_failure_ever_looks_like_success(kind, attempt):
    assert not isinstance(after_failure(kind(), JOB, attempt, now=NOW, work=WORK), Done)


def test_a_refused_login_goes_to_the_slow_lane_because_quick_retries_lock_accounts():
    decision = after_failure(errors.PartnerRefusedLogin(), JOB, 1, now=NOW, work=WORK)
    assert RetryAt(NOW + timedelta(hours=6)) == decision


def test_pauses_double_up_to_the_longest_and_carry_at_most_a_quarter_of_jitter():
    for attempt, doubled in [(1, 30), (2, 60), (3, 120), (20, 14_400)]:
        seconds = pause(JOB, attempt, WORK).total_seconds()
        assert doubled <= seconds <= doubled * 1.25


def test_jobs_of_one_partner_do_not_return_all_at_once():
    pauses = {pause(Job("deliver", f"D{n}", lock="deliver/acme"), 1, WORK) for n in range(20)}
    assert len(pauses) > 10
