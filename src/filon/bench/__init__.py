"""Measures Filon on made data in a throw-away place: speed and memory live here, never in timed tests."""
