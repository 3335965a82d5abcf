"""Two programs for tests of sending, run beside the tests on their database.

python -m tests.frame.sending_worker seed PEOPLE      people, a sequence of two messages, everybody in it
python -m tests.frame.sending_worker work [POINT N]   a worker; at the N-th pass of POINT it dies on the spot
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

POINTS = ("before claim", "claimed", "handed over", "before settle", "settled")
"""Where the worker can be made to die: the labels of handing a message over."""


def main(arguments: list[str]) -> None:
    """Do one of the two."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filon.config.settings")
    import django

    django.setup()
    if arguments[0] == "seed":
        seed(int(arguments[1]))
    else:
        work(*arguments[1:])


def seed(people: int) -> None:
    """`people` leads in nurturing, a sequence of message, wait of a minute less than nothing, message; it runs."""
    from django.utils import timezone

    from filon.core import line
    from filon.core.access import SYSTEM
    from filon.core.line import Batch, Entry
    from filon.leads.models import Lead
    from filon.nurture.sequences import commands
    from filon.nurture.sequences.commands import Draft, StepDraft
    from filon.nurture.writing import commands as writing

    at = timezone.now()
    for start in range(0, people, 1000):
        entries = [
            Entry(kind="lead", door="form", at=at, values={"email": f"p{n}@essai{n % 7}.fr", "last_name": f"P{n}"})
            for n in range(start, min(people, start + 1000))
        ]
        line.run_with_retries(lambda entries=entries: Batch(entries, by=SYSTEM, at=at))  # type: ignore[misc]
    Lead.objects.update(stage="nurturing", route="nurture", owner=None)
    writing.save_sender(
        writing.SenderDraft(
            from_name="Léa", from_email="lea@sogetrel.fr", company="Sogetrel", postal_address="1 rue X, Paris"
        ),
        by=SYSTEM,
        at=at,
    )
    template = writing.save_template(
        writing.Draft(name="Un", subject="Bonjour {{ person.last_name }}", body="Bonjour,\n\n[Lire](https://a.fr/b)"),
        by=SYSTEM,
        at=at,
    )
    sequence = commands.save_sequence(
        Draft(name="Accueil", condition="stage = nurturing", in_working_hours=False), by=SYSTEM, at=at
    )
    commands.add_step(sequence.pk, StepDraft(kind="email", template_id=template.pk), by=SYSTEM, at=at)
    commands.start_sequence(sequence.pk, with_known=True, by=SYSTEM, at=at)


def work(point: str = "", number: str = "0") -> None:
    """A worker as in life, until it is stopped, killed, or comes to its end."""
    from filon.core.worker import Worker

    if point:
        _die_at(point, int(number))
    worker = Worker()
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()
    os._exit(0)


def _die_at(point: str, number: int) -> None:
    from filon.kit import relay
    from filon.nurture.sending import claiming

    passes = count(1)

    def die() -> None:
        if next(passes) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*args: Any, **more: Any) -> Any:
            die()
            return function(*args, **more)

        return dying

    def after(function: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*args: Any, **more: Any) -> Any:
            answer = function(*args, **more)
            die()
            return answer

        return dying

    where: dict[str, tuple[Any, str, Callable[..., Any]]] = {
        "before claim": (claiming, "claim", before),
        "claimed": (claiming, "claim", after),
        "handed over": (relay.Smtp, "hand_over", after),
        "before settle": (claiming, "settle", before),
        "settled": (claiming, "settle", after),
    }
    place, name, when = where[point]
    setattr(place, name, when(getattr(place, name)))


if __name__ == "__main__":
    main(sys.argv[1:])
