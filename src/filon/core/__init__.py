"""Users and access, ledger, inbox and line, reactions and jobs, conditions, tunables, audit."""
