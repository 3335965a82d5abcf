"""Where the period lands: targets, what is won, what is likely, and what was foreseen before."""
