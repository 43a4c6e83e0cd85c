"""The introduction (对接): each side reads the fee and what will be shared, and says yes or no, before either learns who the other is.

**Nouns.** A *consent* is one side's answer to one revision of the broker's fee; the newest answer of a side counts, and only while that
revision is on the table. **Roles.** The broker asks; parties of a side and the owners of its house answer for it.
"""
