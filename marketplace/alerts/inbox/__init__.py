"""The inbox: mail that comes in, looked for once a minute in a Maildir or on an IMAP server, and handed to who can read it.

Nouns: incoming mail (one message that came, known by its Message-ID; only what became of it is kept, not its text), receiver (what
reads a kind of message: bounces here, replies in the room of deals), letter (a message as it lies in the mailbox).

A walk: a mail server cannot deliver a digest and sends a report (RFC 3464) → `alerts.inbox` reads it → `bounces.receive` finds our mail
by its Message-ID, which nobody can guess, and takes its step to `bounced` → the commit → the letter is moved to the folder Done. What
nobody can read goes to Refused, with the reason on the operator's page.
"""
