"""The asset register of an institute (资产单列台账): its technologies as assets, and the decisions taken about them.

**Nouns.** An *asset* is what an institute entered of how it came by a technology and what it cost; its *state* is never typed but follows
from the catalogue, the agreements and the decisions. A *decision* says what was decided, when, by whom and on what basis; it is
only added, and a wrong one is voided by another row. An *evidence export* is all of it as files with their hashes.

**One walk.** A technology is published, a notice ends, the agreement is countersigned, the income is split: each step writes its
decision by itself. A head enters a write-off with its minutes, and takes the register of three years away for the auditors.
"""
