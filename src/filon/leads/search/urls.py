"""The address of search. Its name carries no prefix: every page's search box asks for it."""

from django.urls import path

from filon.leads.search import views

urlpatterns = [path("search", views.search, name="search")]
