"""The public CRM data (Maven): every figure its README gives, through the line."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from filon.core.models import Fact, Team, User
from filon.deals.models import Opportunity, Product
from filon.deals.tests import maven
from filon.deals.tests.doors import take_in
from filon.leads.models import Company, Finding

pytestmark = [
    pytest.mark.skipif(not maven.DATA.is_dir(), reason="the public data sets are not here (../shared/data)"),
    pytest.mark.database,
]


@pytest.fixture(scope="module")
def workspace(django_db_setup, django_db_blocker):
    """The whole data set, taken in once for the tests of this file, which only read it (or change nothing)."""
    with django_db_blocker.unblock(), transaction.atomic():
        take_in("user", maven.users())
        take_in("product", maven.products())
        take_in("company", maven.accounts())
        yield take_in("opportunity", maven.opportunities())
        transaction.set_rollback(True)


def test_every_opportunity_comes_in_and_the_figures_are_those_published(workspace):
    assert Counter(item.outcome for item in workspace.items) == {"created": 8_800}
    by_state = dict(Opportunity.objects.values_list("state").annotate(Count("id")))
    assert by_state == {"won": 4_238, "lost": 2_473, "open": 2_089}
    assert round(by_state["won"] / (by_state["won"] + by_state["lost"]), 4) == 0.6315
    won = Opportunity.objects.filter(state="won")
    assert won.aggregate(total=Sum("amount"))["total"] == 10_005_534
    assert dict(won.values_list("owner__manager__name").annotate(Sum("amount"))) == maven.BY_MANAGER
    assert dict(won.values_list("product__name").annotate(Sum("amount"))) == maven.BY_PRODUCT
    assert dict(won.values_list("won_at__quarter").annotate(Sum("amount"))) == maven.BY_QUARTER
    stages = dict(Opportunity.objects.filter(state="open").values_list("stage__code").annotate(Count("id")))
    assert stages == {"engaged": 1_589, "prospecting": 500}


def test_accounts_teams_and_products_are_those_of_the_files_and_nothing_is_dropped(workspace):
    assert Company.objects.count() == 85
    assert Company.objects.filter(is_customer=True).count() == 85
    assert Opportunity.objects.filter(company=None).count() == 1_425
    assert User.objects.filter(manager__isnull=False).count() == 35
    assert User.objects.filter(role="manager").count() == Team.objects.count() == 6
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert Product.objects.count() == 8


def test_oddities_are_findings(workspace):
    found = {(row.code, row.subject): row.count for row in Finding.objects.all()}
    assert found["misspelt_product", "GTXPro → GTX Pro"] == 1
    assert found["opportunity_without_company", ""] == 1_425
    assert found["opportunity_without_creation", ""] == 500
    assert Product.objects.get(name="GTXPro").is_known is False


def test_each_closing_left_one_fact_at_its_own_date(workspace):
    assert dict(Fact.objects.filter(kind__startswith="opportunity").values_list("kind").annotate(Count("id"))) == {
        "opportunity_created": 8_800,
        "opportunity_won": 4_238,
        "opportunity_lost": 2_473,
    }
    won = Fact.objects.filter(kind="opportunity_won")
    assert won.aggregate(total=Sum("value"))["total"] == 10_005_534
    zone = timezone.get_default_timezone()
    assert won.earliest("at").at.astimezone(zone).date() == date(2017, 3, 1)
    assert won.latest("at").at.astimezone(zone).date() == date(2017, 12, 31)


def test_a_second_import_changes_nothing(workspace):
    before = (Fact.objects.count(), list(Opportunity.objects.values_list("id", "version", "updated_at")))
    findings = list(Finding.objects.values_list("code", "subject", "count"))
    assert Counter(item.outcome for item in take_in("user", maven.users()).items) == {"unchanged": 35}
    assert Counter(item.outcome for item in take_in("product", maven.products()).items) == {"unchanged": 7}
    assert Counter(item.outcome for item in take_in("opportunity", maven.opportunities()).items) == {"unchanged": 8_800}
    assert (Fact.objects.count(), list(Opportunity.objects.values_list("id", "version", "updated_at"))) == before
    assert list(Finding.objects.values_list("code", "subject", "count")) == findings
