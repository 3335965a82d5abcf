"""One act on many leads at once: counted before, told lead by lead, taken back within a day."""
