"""Where a lead goes next, to whom, and by when someone must answer."""
