"""The tests of TechBridge."""

import gc

gc.set_threshold(20_000, 20, 100)  # five thousand tests and what they import are no rubbish, however often one looks: a seventh of the time went into that
