"""Facilities (中试/检测平台): pilot lines, test laboratories and instruments that firms can book.

Nouns: facility, its *opening hours* and *closed days* on the clock of its place, *booking*. A facility says which levels of maturity it can
carry a technology through. States of a booking: requested → accepted | declined → done | cancelled. Accepted bookings of one facility never
overlap: the database refuses it, on PostgreSQL by an exclusion constraint, on SQLite by a trigger.
"""
