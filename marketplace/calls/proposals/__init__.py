"""Proposals (揭榜方案): handed in sealed, changeable until the deadline, opened by the clock.

**Nouns.** A *proposal* is what one organisation, the *solver* (揭榜方), offers to a call; each handing in is a *version*, of *sealed parts*: the text, and
each file. A *receipt* (回执) says by hash what came when; the site signs it. The *opening* (开封) is when the call's owners and reviewers begin to read.

**States.** sealed → opened; withdrawn by the solver, before (destroyed) or after (kept with the record); damaged, where the sealed files are not what was
sealed; discarded unread with a call that was withdrawn.

**Roles.** Any member of an eligible organisation hands in, replaces and withdraws for it. Before the opening nobody reads, the solver himself included; after
it the solver, the call's owners, and the reviewers who have declared no conflict. The operator never.

**One walk.** A solver sends text and two files at 23:59:40; the first byte came in time, so the upload may go on past midnight. It is sealed while it
arrives, and a receipt is shown. A quarter of an hour later the worker opens all proposals of the call, holds each against its hashes, and tells everybody.
"""
