"""Finding leads, people, companies and opportunities by a few words."""
