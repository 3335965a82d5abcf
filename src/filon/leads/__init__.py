"""The shared noun: person, company, lead, life cycle, timeline."""
