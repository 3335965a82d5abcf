"""A small workspace with something on every page, the same each time: made through the doors that people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.journeys.conftest import Place

COSTS = (
    "date,channel,campaign,kind,amount\n"
    "2025-01-15,web,Salon de Lyon,media,1200\n"
    "2025-02-15,event,Salon de Lyon,event,4000\n"
)
STAGES = ("captured", "qualifying", "mql", "sql", "nurturing", "lost", "disqualified")
DEALS = ("Prospecting", "Engaging", "Won", "Lost")


def make_workspace(place: Place, folder: Path) -> dict[str, Any]:
    """Colleagues, 60 leads, companies, opportunities, products and costs; the ids of one of each."""
    imported = [_import(place, folder, kind, text) for kind, text in _files()]
    who = {
        "email": "direct@exemple-accueil.fr",
        "full_name": "Agnès Delmas",
        "job_title": "Directrice",
        "company": {"name": "Exemple Accueil"},
        "source": "site",
    }
    status, lead = place.post_json("/api/v1/leads", who)
    assert status == 201, lead
    return {"lead": lead["id"], "import": imported[-1]}


def _import(place: Place, folder: Path, kind: str, text: str) -> int:
    path = folder / f"{kind}.csv"
    path.write_text(text, "utf-8")
    said = place.run("import", str(path), "--as", kind)
    assert said["created"], (kind, said)
    return int(said["import_id"])


def _files() -> list[tuple[str, str]]:
    users = "".join(f"Vendeuse {n},Chef {n % 2},Lyon\n" for n in range(4))
    companies = "".join(f"C-{n},Entreprise {n},entreprise{n}.fr,Industrie,{n * 40}\n" for n in range(12))
    leads = "".join(
        f"L-{n},Prénom{n},Nom{n},l{n}@entreprise{n % 12}.fr,Entreprise {n % 12},2025-{n % 12 + 1:02}-05,"
        f"{('web', 'event', 'email')[n % 3]},{('Google', 'Salon', '')[n % 3]},Salon de Lyon,{STAGES[n % 7]}\n"
        for n in range(60)
    )
    deals = "".join(
        f"O-{n},Affaire {n},Entreprise {n % 12},Vendeuse {n % 4},GTX {n % 2},{DEALS[n % 4]},{n * 1000 + 500},"
        f"2025-01-{n + 1:02},2025-06-{n + 1:02}\n"
        for n in range(24)
    )
    return [
        ("users", "name,manager,office\n" + users),
        ("products", "name,series,price\nGTX 0,GTX,500\nGTX 1,GTX,900\n"),
        ("companies", "id,name,domain,sector,employees\n" + companies),
        ("leads", "id,first_name,last_name,email,company,captured_at,channel,source,campaign,stage\n" + leads),
        ("opportunities", "id,name,company,owner,product,stage,amount,created_at,close_date\n" + deals),
        ("costs", COSTS),
    ]
