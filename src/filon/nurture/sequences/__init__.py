"""Sequences: how they are made, who enters, how leads walk through them, and why they leave."""
