"""How well a lead fits and how engaged it is, with the reasons."""
