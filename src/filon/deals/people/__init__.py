"""Who has a say in a deal, and which: the decision-maker above all."""
