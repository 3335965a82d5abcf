"""Addresses of the pages that belong to no stage."""

from django.urls import path
from django.views.i18n import set_language

from filon.ui import views

urlpatterns = [
    path("help/glossary", views.glossary_page, name="glossary"),
    path("language", set_language, name="set_language"),
]
