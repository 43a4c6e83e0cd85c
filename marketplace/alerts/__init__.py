"""Alerts: who hears what.

Nouns: mail. States of a mail: queued → sent, or kept where no mail server is configured (development), so that it can
be read in the browser. Roles: the operator reads the outbox; everybody else reads their own mail.

A walk: somebody asks for a new password; `people` records `person.reset_asked`; the table of reactions queues
`alerts.reset_password`; after the commit the worker writes the mail in the reader's language and hands it to the server.
"""
