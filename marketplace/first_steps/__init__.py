"""First steps: what somebody new does next on the site, one thing at a time, until the first result.

Nouns: a *path* (首次使用引导) is the list of steps of one kind of user, a *step* one thing to do with its sentence and its button. Paths: a firm's ends at the
first introduction, an institute's at the first answer to a firm, a technology manager's at the first deal, an operator's at the first
technology manager, a service provider's at the first facility, expert or place for trials.
States: none is kept. Whether a step is done is read from the data each time (an organisation exists, a need is published), so that it cannot
disagree with them and whoever works in another order finds the same ticks. The one thing kept is that a person has hidden his path for good
(`Person.first_steps_hidden`).
Roles: everybody sees his own path on his desk, nobody another's.

A walk: an owner signs up and opens the desk → "confirm your address" stands there with its button, the rest below as names → he follows the link of
the mail → "enter your organisation" → … → he asks for an introduction, and the path is gone.
"""
