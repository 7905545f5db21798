"""Work done later: the in-process runner, procrastinate, and the APScheduler clock, behind ports/jobs."""
