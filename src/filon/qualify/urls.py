"""Addresses of the worklist."""

from django.urls import path

from filon.qualify import views

app_name = "qualify"
urlpatterns = [
    path("qualify", views.worklist, name="worklist"),
    path("qualify/take", views.take, name="take"),
    path("qualify/<int:lead_id>/call", views.call, name="call"),
]
