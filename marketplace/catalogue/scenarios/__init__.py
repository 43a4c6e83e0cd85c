"""Scenarios (应用场景): real places that a large firm or a city opens for first trials (首试首用).

Nouns: scenario, *trial application*: a technology of one's own, offered for a first trial. The host accepts as many as it has announced, or
declines with one of the codes that are used everywhere. A first trial here is no trial under an agreement: nothing is owed for it.
"""
