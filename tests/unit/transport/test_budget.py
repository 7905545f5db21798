"""One host gets so many connections from us at a time, whichever of its partners want them."""

import threading
from dataclasses import replace

import pytest

from gateway.errors import HostBusy
from gateway.transport.budget import Budget
from gateway.transport.endpoint import SftpEndpoint

ACME = SftpEndpoint("shared.example", 22, "acme", (), password="x")
BIRCH = replace(ACME, username="birch", host="Shared.Example")
ELSEWHERE = replace(ACME, host="other.example")


def test_partners_of_one_host_share_its_budget_and_another_host_has_its_own():
    budget = Budget(2, patience_seconds=0)
    with budget.connection(ACME), budget.connection(BIRCH):
        with pytest.raises(HostBusy), budget.connection(ACME):
            pass
        with budget.connection(ELSEWHERE):
            pass
    with budget.connection(BIRCH), budget.connection(BIRCH):
        pass


def test_a_connection_that_failed_is_given_back():
    budget = Budget(1, patience_seconds=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.connection(ACME):
            raise ZeroDivisionError


def test_who_waits_gets_the_connection_that_is_given_back():
    budget, order = Budget(1), []
    held, wanted = threading.Event(), threading.Event()

    def second():
        held.wait()
        wanted.set()
        with budget.connection(BIRCH):
            order.append("birch")

    thread = threading.Thread(target=second)
    thread.start()
    with budget.connection(ACME):
        held.set()
        wanted.wait()
        order.append("acme")
    thread.join()
    assert ["acme", "birch"] == order


def test_never_more_connections_than_allowed_whoever_wants_them():
    budget, lock, seen = Budget(3), threading.Lock(), []
    now = 0

    def want():
        nonlocal now
        for _ in range(50):
            with budget.connection(ACME):
                with lock:
                    now += 1
                    seen.append(now)
                with lock:
                    now -= 1

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 400 == len(seen)
    assert max(seen) <= 3
