"""Audits (专项审计): the licensor looks at the books behind the statements, as the agreement allows.

**Nouns.** An *audit* and its *findings*; the tables stand beside those of statements, which they are about.

**States.** asked → running → closed → agreed | disputed, or withdrawn. Findings are never edited and change nothing by themselves:
what counts is changed by the corrected statement, which is drafted from them and sent by the licensee.

**Roles.** The licensor asks, starts, closes and attaches the report; the licensee agrees or disputes. Both read, nobody else does.

**One walk.** The licensor asks for the last four quarters and names its reason; after the days of notice the audit runs; it finds
seven per cent unstated, so the licensee bears its cost, agrees, and sends the corrected statements that lie ready.
"""
