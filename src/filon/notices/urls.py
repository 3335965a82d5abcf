"""Addresses of notices."""

from django.urls import path

from filon.notices import views

app_name = "notices"
urlpatterns = [
    path("notifications", views.show_all, name="list"),
    path("notifications/bell", views.bell, name="bell"),
    path("notifications/read", views.read, name="read"),
    path("notifications/mute", views.mute, name="mute"),
    path("notifications/<int:notice_id>", views.go, name="go"),
]
