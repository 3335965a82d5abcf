"""Addresses of opportunities, products and stage names."""

from django.urls import path

from filon.deals import views
from filon.deals.catalogue import views as catalogue
from filon.deals.listing import views as listing

app_name = "deals"
urlpatterns = [
    path("pipeline", listing.pipeline, name="pipeline"),
    path("opportunities", listing.opportunities, name="list"),
    path("opportunities/new", views.new, name="new"),
    path("opportunities/<int:opportunity_id>", views.opportunity, name="opportunity"),
    path("opportunities/<int:opportunity_id>/change", views.change, name="change"),
    path("opportunities/<int:opportunity_id>/win", views.win, name="win"),
    path("opportunities/<int:opportunity_id>/lose", views.lose, name="lose"),
    path("opportunities/<int:opportunity_id>/move", views.move, name="move"),
    path("settings/products", catalogue.products, name="products"),
    path("settings/products/<int:product_id>", catalogue.product, name="product"),
    path("settings/stage-names", catalogue.stage_names, name="stage_names"),
    path("settings/stage-names/map", catalogue.map_stage_name, name="map_stage_name"),
]
