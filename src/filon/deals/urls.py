"""Addresses of opportunities, products and stage names."""

from django.urls import path

from filon.deals import views
from filon.deals.catalogue import views as catalogue
from filon.deals.forecast import views as forecast
from filon.deals.listing import views as listing
from filon.deals.people import views as people
from filon.deals.review import views as review

app_name = "deals"
urlpatterns = [
    path("pipeline", listing.pipeline, name="pipeline"),
    path("pipeline/review", review.review, name="review"),
    path("pipeline/review/ask", review.ask, name="review_ask"),
    path("pipeline/review/decide", review.decide, name="review_decide"),
    path("pipeline/review/<slug:order>/undo", review.undo, name="review_undo"),
    path("pipeline/forecast", forecast.forecast, name="forecast"),
    path("pipeline/targets", forecast.targets, name="targets"),
    path("opportunities", listing.opportunities, name="list"),
    path("opportunities/new", views.new, name="new"),
    path("opportunities/<int:opportunity_id>", views.opportunity, name="opportunity"),
    path("opportunities/<int:opportunity_id>/change", views.change, name="change"),
    path("opportunities/<int:opportunity_id>/win", views.win, name="win"),
    path("opportunities/<int:opportunity_id>/lose", views.lose, name="lose"),
    path("opportunities/<int:opportunity_id>/move", views.move, name="move"),
    path("opportunities/<int:opportunity_id>/people", people.set_role, name="set_role"),
    path("settings/products", catalogue.products, name="products"),
    path("settings/products/<int:product_id>", catalogue.product, name="product"),
    path("settings/stage-names", catalogue.stage_names, name="stage_names"),
    path("settings/stage-names/map", catalogue.map_stage_name, name="map_stage_name"),
]
