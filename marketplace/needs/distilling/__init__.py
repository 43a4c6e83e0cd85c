"""Distillation and the real-need gate: the shop floor's words become technical questions, and two tests are checked (需求凝练、真需求核验).

**Nouns.** A *distillation* (需求凝练) is one round of a broker's work on a need: the *interview sheet* (访谈记录) with what the firm said, the two
*tests* of a real need ("cannot solve it alone", "will pay") each with a finding and its evidence, and the *questions* (技术问题), each with
measurable targets. A *verification* (核验) is one check of both tests, with checker, day and end; a renewed badge is a further row.

**States** of a distillation: draft → sent → signed_off | returned, with the firm's words; superseded by a later round, or when the firm changes
its problem. Only what is signed off is matched and shown; until then the round before it stands.

**Roles.** Any broker who may read the need in full goes on with its draft; the firm signs off or sends back; a broker outside the firm verifies.
Sheet and evidence are for the firm and such brokers alone: the public sees that a need was checked, by whom, when and until when.

A walk: a broker visits the works, fills the sheet over two evenings, looks at what the questions do to the matches, and sends them. The firm
reads both texts side by side, sends them back with a word on a limit, gets them again, signs off. Both texts are matched; the broker verifies.
"""
