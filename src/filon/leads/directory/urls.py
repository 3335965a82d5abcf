"""Addresses of people and of companies."""

from django.urls import path

from filon.leads.directory import views

PEOPLE = (
    [
        path("people", views.people, name="list"),
        path("people/<int:person_id>", views.person, name="person"),
        path("people/<int:person_id>/timeline", views.person_timeline, name="timeline"),
    ],
    "people",
)
COMPANIES = (
    [
        path("companies", views.companies, name="list"),
        path("companies/<int:company_id>", views.company, name="company"),
        path("companies/<int:company_id>/timeline", views.company_timeline, name="timeline"),
    ],
    "companies",
)
