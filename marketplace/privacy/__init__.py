"""Personal data: what is kept about people, on what ground and for how long; their copy of it, and its erasure.

Nouns: **kind** 个人信息类别, a row of the one table `kinds`: every table that names a person stands in exactly one, a test sees to it. Two roads lead out:
the **copy** 副本 (a zip: data.json for programmes, data.txt for people, labels in both languages) and the **erasure** 注销并删除, by the person or
by an operator whom the person asked. What the law has kept stays, and names nobody: it points at a row that is left without name and address.

Roles: everybody for himself; operators erase, and read nothing by it. A walk: somebody leaves his firm, hands the firm to a colleague, loads his copy down,
erases the account; his signature under an agreement stays with the agreement, his searches, mails and seats are gone. Each day a job takes away
what has reached its age.
"""
