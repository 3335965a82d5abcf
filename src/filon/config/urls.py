"""Every address of the product, slice by slice."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from filon.config.api import api
from filon.leads.directory.urls import COMPANIES, PEOPLE

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("", include("filon.core.urls")),
    path("", include("filon.leads.urls")),
    path("", include(PEOPLE)),
    path("", include(COMPANIES)),
    path("", include("filon.leads.findings.urls")),
    path("", include("filon.leads.search.urls")),
    path("", include("filon.qualify.urls")),
    path("", include("filon.routing.urls")),
    path("", include("filon.scoring.urls")),
    path("", include("filon.deals.urls")),
    path("", include("filon.measure.insight.urls")),
    path("", include("filon.ui.urls")),
    path("", include("filon.capture.forms.urls")),
    path("", include("filon.capture.tracking.urls")),
    path("", include("filon.capture.imports.urls")),
    path("", include("filon.notices.urls")),
    path("", include("filon.nurture.urls")),
    path("", include("filon.files.urls")),
    path("", include("filon.handoff.urls")),
    path("", include("filon.meetings.public_urls")),
    path("", include("filon.mailboxes.urls")),
    path("", include("filon.meetings.urls")),
    path("", include("filon.nurture.answers.urls")),
    path("", include("filon.capture.costs.urls")),
    path("", include("filon.demo.urls")),
    path("", include("filon.home.urls")),
]

handler400 = "filon.core.web.bad_request"
handler403 = "filon.core.web.forbidden"
handler404 = "filon.core.web.not_found"
handler500 = "filon.core.web.server_error"
