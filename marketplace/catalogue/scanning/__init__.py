"""Uploads before others may open them: what a scanner says, what is held back, and how the operator answers.

**Nouns.** An *upload* (上传文件) is one file that somebody brought, with the verdict on it; the verdict belongs to the content, so that the newest
upload of a hash speaks for all of them. One that nobody may open is in *quarantine* (隔离).

**States.** clean or unscanned (no scanner is set); quarantined → released or deleted by the operator, or cleared by the scanner once it answers
again; refused: the scanner found something, and nothing was kept.

**Roles.** Whoever uploads is told; the operator sees name, size and hash of what is held back, never the content.
"""
