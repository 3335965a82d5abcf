"""The hand-off: an SDR proposes a lead to sales, who accept it in time or say why not."""
