"""Two writers at once: turns stay fair and no promise is broken twice."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

from django.db import connection

from filon.core.models import Fact
from filon.leads.models import Lead
from filon.routing import promises
from filon.routing.decisions import Rule
from filon.routing.models import Promise, RoundRobin
from filon.routing.tests.conftest import entry, take


def together(*acts):
    """Run acts in threads with their own connections, released at the same moment."""
    gate = threading.Barrier(len(acts))
    failures = []

    def run(act):
        try:
            gate.wait()
            act()
        except Exception as error:  # noqa: BLE001 — shown below, in the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures


def test_turns_stay_fair_when_batches_run_at_once_from_the_very_first(committed_db, publish, make_user, at):
    """The counter row does not exist yet: both writers want to make it."""
    colleagues = [make_user("sdr").pk for _ in range(3)]
    publish(Rule("Everyone", "channel != outbound", "sdr"))

    def batches():
        for size in (1, 4, 2, 5, 1):
            take([entry(at) for _ in range(size)], at)

    together(batches, batches, batches)
    counts = Counter(Lead.objects.values_list("owner", flat=True))
    assert sum(counts.values()) == 39
    assert set(counts) == set(colleagues)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert RoundRobin.objects.get(pool="sdr").turns == 39


def test_two_clocks_break_each_promise_once(committed_db, publish, make_user, at):
    make_user("sdr")
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    take([entry(at) for _ in range(60)], at)
    late = at + timedelta(hours=2)
    together(*[lambda: promises.breach_due(at=late)] * 3)
    assert Promise.objects.filter(state="breached").count() == 60
    facts = Fact.objects.filter(kind="promise_breached").values_list("lead_id", flat=True)
    assert len(facts) == len(set(facts)) == 60
