"""Catalogue: what institutes offer (成果).

Nouns: technology, offer (the terms on which it can be had), attachment, import run with its rows. States of a
technology: draft → published → withdrawn | expired; of an import run: uploaded → reading → read → published, or failed.
Roles: members of the organisation that manages it write, publish, withdraw and import; readers read what is open.

A walk: a transfer officer uploads a spreadsheet, mends the proposed columns, watches the rows being read, reviews what
was created, updated, unchanged, duplicate or rejected, and publishes; each technology is a listing with its offer.
"""
