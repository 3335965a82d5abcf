"""Addresses of leads."""

from filon.leads.listing.urls import urlpatterns as listing

app_name = "leads"
urlpatterns = [*listing]
