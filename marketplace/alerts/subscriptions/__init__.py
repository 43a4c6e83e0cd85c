"""Subscriptions: what somebody follows, and the digest that tells what is new in it.

Nouns: subscription (a saved search, a need, a technology or an organisation that somebody follows), arrival (a listing that was
published or revised and has not been held against the searches yet), noticed (one new thing in one subscription, told once), digest
(one mail with everything that is due for one person). A subscription has a pace: at once (ten minutes between two mails at least),
daily or weekly at an hour of its zone. It is paused by its owner, or by the link in a mail, which needs no sign-in.

A walk: an institute publishes a technology → `alerts.technology_arrived` writes it down (so are needs and open calls) → half a minute later
`alerts.notice` holds all arrivals against all searches in one pass and writes what each found → `alerts.digests` finds whose hour has come →
`alerts.digest` writes one mail, in the reader's language, of what that reader may read at that moment, and marks it as told in the
same transaction. New matches of a need come the same way through `alerts.matches_found`.
"""
