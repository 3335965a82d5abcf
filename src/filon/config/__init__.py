"""The house's front: settings, urls, API and worker; with `flow.py` the only place that knows everything."""
