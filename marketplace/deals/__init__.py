"""Deals: from the first contact to the signed and performed agreement (对接、交易).

**Nouns.** A *deal* (交易) joins one need or firm with one technology and its holder; a *party* (参与人) is a person who takes part for one side:
*firm* (企业方), *holder* (成果方), *broker* (技术经理人) or *guest* (受邀方: a test lab, a guarantor …); an *entry* (时间线) is one line of the timeline,
for all or for the own side alone. What was matched is *frozen* (存档) with the deal.

**States** are the stages of domain.md §6: lead → qualified → introduced → nda → evaluation → negotiating → notice → signed → performing →
won | lost; losing needs a code of the one list of declines.

**Roles.** Only who takes part reads a deal: the parties, and the owners of the two organisations. The broker leads it up to the introduction.
"""
