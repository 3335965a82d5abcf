"""A worker process with jobs made for crash tests. Run as a program; its database is in the environment."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    """Work until stopped."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filon.config.settings")
    import django

    django.setup()
    from django.db import transaction

    from filon.core import jobs
    from filon.core.jobs import JobContext
    from filon.core.worker import Worker
    from filon.kit import sql

    def exactly_once(job: JobContext) -> None:
        with transaction.atomic():
            sql.execute("INSERT INTO crash_effect (job_id) VALUES (%s)", [job.id])
            job.finish()

    def by_key(job: JobContext) -> None:
        sql.execute("INSERT INTO crash_keyed (job_id) VALUES (%s) ON CONFLICT DO NOTHING", [job.id])

    def patient(job: JobContext) -> None:
        Path(job.arguments["begun"]).write_text(str(os.getpid()))
        while not Path(job.arguments["go"]).exists():
            time.sleep(0.02)
        exactly_once(job)

    def poison(job: JobContext) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    jobs.connect({"exactly_once": exactly_once, "by_key": by_key, "patient": patient, "poison": poison}, [])
    worker = Worker()
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
