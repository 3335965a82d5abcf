"""Addresses in our messages."""

from django.urls import path

from filon.nurture.answers import views

app_name = "answers"
urlpatterns = [
    path("c/<str:token>", views.click, name="click"),
    path("o/<str:token>", views.opened, name="open"),
    path("u/<str:token>", views.leave, name="leave"),
]
