"""Access to blind listings: asked for by a reader, given by the owner, ended by a date.

**Nouns.** A *blind listing* (隐名信息) shows a teaser; an *access grant* (查阅授权) opens it in full to one organisation. A *non-disclosure
agreement*, NDA (保密协议), stands before the grant where the owner requires one; every opening is an *access log* (查阅记录) entry.

**States** of a grant: asked → granted, or asked → nda → granted where an NDA is required; else refused; a granted one ends by its date or is revoked.

**Roles.** Whoever acts for an organisation asks for it; the owner's members answer, revoke and read the log.
"""
