"""The files of the public CRM data in another order."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from filon.core.models import User
from filon.deals.models import Opportunity, Product
from filon.deals.tests import maven
from filon.leads.models import Finding

pytestmark = pytest.mark.skipif(not maven.DATA.is_dir(), reason="the public data sets are not here (../shared/data)")


def test_the_order_of_the_files_does_not_matter(take):
    take("opportunity", maven.opportunities())
    take("product", maven.products())
    take("user", maven.users())
    won = Opportunity.objects.filter(state="won")
    assert dict(won.values_list("owner__manager__name").annotate(Sum("amount"))) == maven.BY_MANAGER
    assert User.objects.filter(name="Anna Snelling").count() == 1
    assert Finding.objects.filter(code="misspelt_product", subject="GTXPro → GTX Pro").exists()
    assert Product.objects.filter(is_known=False).values_list("name").get() == ("GTXPro",)
