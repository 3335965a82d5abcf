"""Addresses that guests see."""

from django.urls import path

from filon.meetings import public_views as views

app_name = "booking"
urlpatterns = [
    path("b/<slug:slug>", views.book, name="book"),
    path("b/meeting/<str:token>", views.meeting, name="meeting"),
    path("b/meeting/<str:token>/move", views.move, name="move"),
    path("b/meeting/<str:token>/cancel", views.cancel, name="cancel"),
    path("b/meeting/<str:token>/invitation.ics", views.calendar, name="calendar"),
]
