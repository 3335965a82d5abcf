"""The lead in 360°: who, what happened, what comes next, and what can be done about it."""
