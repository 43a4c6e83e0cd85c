"""Sealing (密封): how a proposal is kept so that nobody reads it before the deadline.

**Nouns.** Each call has a *call key* (揭榜密钥): a pair of which the public half seals and the secret half opens. The secret half stands in the table
only wrapped: by the site's *sealing key* (封存密钥), a file outside database and data folder; or, for calls with *key holders* (密钥保管人), divided
into *shares* (密钥份额) of which each is sealed to one holder's own key. A *recovery key* (恢复密钥) lies offline and opens a second copy.

**States.** A call key is made when the call is published; it is opening from the moment the opening has begun, lost where neither the site's key nor the
recovery key opens it. A share is asked for at the deadline and brought by its holder.

**Roles.** Members of the call's owner name the holders while the call is a draft. A holder needs no account: his link and his share are what he has.

**One walk.** A call is published; its key is made and wrapped. Solvers seal to it. The deadline and the time for the last uploads pass; the worker
unwraps the secret half and opens each proposal. docs/security.md says who could read what, and when.
"""
