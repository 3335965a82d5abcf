"""Web tracking: what people who agreed to it look at on the company's own site."""
