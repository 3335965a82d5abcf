"""The fixtures of lists serve search too."""

from filon.leads.listing.tests.conftest import submit

__all__ = ["submit"]
