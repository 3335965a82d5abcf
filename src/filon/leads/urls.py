"""Addresses of leads."""

from filon.leads.bulk.urls import urlpatterns as bulk
from filon.leads.card.urls import urlpatterns as card
from filon.leads.customs.urls import urlpatterns as customs
from filon.leads.listing.urls import urlpatterns as listing

app_name = "leads"
urlpatterns = [*listing, *bulk, *card, *customs]
