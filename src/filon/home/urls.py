"""The address of the home."""

from django.urls import path

from filon.home import views

urlpatterns = [path("", views.home, name="home")]
