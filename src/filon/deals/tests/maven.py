"""The public CRM data (Maven), as the import gives them to the line, and what its README says of them."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.utils import timezone

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "maven_crm"

BY_MANAGER = {
    "Melvin Marxen": 2_251_930,
    "Summer Sewald": 1_964_750,
    "Rocco Neubert": 1_960_545,
    "Celia Rouche": 1_603_897,
    "Cara Losch": 1_130_049,
    "Dustin Brinkmann": 1_094_363,
}
BY_PRODUCT = {
    "GTXPro": 3_510_578,
    "GTX Plus Pro": 2_629_651,
    "MG Advanced": 2_216_387,
    "GTX Plus Basic": 705_275,
    "GTX Basic": 499_263,
    "GTK 500": 400_612,
    "MG Special": 43_768,
}
BY_QUARTER = {1: 1_134_672, 2: 3_086_111, 3: 2_982_255, 4: 2_802_496}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def opportunities() -> list[dict]:
    zone = timezone.get_default_timezone()
    found = []
    for row in rows("sales_pipeline.csv"):
        engaged = row["engage_date"]
        values = {
            "external_id": row["opportunity_id"],
            "owner": row["sales_agent"],
            "product": row["product"],
            "company.name": row["account"],
            "stage": row["deal_stage"],
            "created_at": datetime.combine(date.fromisoformat(engaged), datetime.min.time(), zone) if engaged else "",
            "close_date": date.fromisoformat(row["close_date"]) if row["close_date"] else "",
            "amount": Decimal(row["close_value"]) if row["close_value"] else "",
        }
        found.append({field: value for field, value in values.items() if value != ""})
    return found


def users() -> list[dict]:
    return [
        {"name": row["sales_agent"], "manager": row["manager"], "office": row["regional_office"]}
        for row in rows("sales_teams.csv")
    ]


def products() -> list[dict]:
    return [
        {"name": row["product"], "series": row["series"], "price": Decimal(row["sales_price"])}
        for row in rows("products.csv")
    ]


def accounts() -> list[dict]:
    return [
        {
            "company.name": row["account"],
            "company.sector": row["sector"],
            "company.country": row["office_location"],
            "company.employees": int(row["employees"]),
        }
        for row in rows("accounts.csv")
    ]
