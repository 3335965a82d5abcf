"""Addresses of campaigns and costs."""

from django.urls import path

from filon.capture.costs import views

app_name = "capture"
urlpatterns = [
    path("capture/campaigns", views.campaigns, name="campaigns"),
    path("capture/costs", views.costs, name="costs"),
]
