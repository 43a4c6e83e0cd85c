"""Keeping the data: a **backup** 备份 of database and files in one archive, its **restore** 恢复 on an empty machine, and moving from one database to another.

All three read the tables row by row through the models' own columns (`rows`), so that what comes from SQLite goes into PostgreSQL and the other way round,
with the same ids. All three count the rows of each table and take a hash over them, and refuse to end well where the two sides differ. None writes
over anything: the target must be empty. What is read is one moment of the database (WAL on SQLite, REPEATABLE READ on PostgreSQL), also while the site works.

The walk: `marketplace backup FILE --key KEYFILE` on the running site → the archive and its hashes → on an empty machine `marketplace restore FILE --key
KEYFILE` → every hash is looked at first → tables, files, index → `marketplace check`.
"""
