"""Handing messages over: each at most once, whatever crashes."""
