"""Resources: what carries a technology onward besides money (平台·专家·场景), and the requests for it.

Nouns: *resource*, the word for all three kinds: a *facility* 中试/检测平台 (pilot line, test laboratory, instrument), an *expert* 专家 whom an
institute lends, a *scenario* 应用场景 that is open for first trials (首试首用); *request*, what a firm asks of one: a *booking* 预约 of a facility, an
*expert request* for contact, a *trial application* 首试申请 with a technology of one's own. Each kind has its room beside this one, with its
table, its fields and what it refuses; the steps, forms and pages that all three share stand here.

States of a resource: draft → published → withdrawn | expired, as those of a technology; it is public or members-only. States of a booking:
requested → accepted | declined → done | cancelled; of the other requests: asked → accepted | declined, or withdrawn. Roles: members of the
organisation write and publish (*host*), a signed-in person asks for an organisation of his own (*asker*), the host answers.

A walk: an institute lists a coating line that takes TRL 4 to 7; a workshop sees it beside a match that falls short, asks for three days in
May, the institute accepts, the line's calendar is shut for those days and everybody's calendar shows them.
"""
