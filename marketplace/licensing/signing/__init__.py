"""Signing: from the version on the table to a text that nobody can change.

**Nouns.** A *signature* (签署) of one side under one version; its one-time *code* (验证码), sent by mail; the *signed text* (签署文本),
both languages and their hash; a *paper* (PDF), the same text with who signed when, in each language. A *certificate of non-use*
(停用证明) is signed the same way at the end of a trial or a licence.

**One walk.** A signatory reads the text, asks for a code, enters it; the other side does the same. The second signature
countersigns: in that transaction the text is frozen, the day is set, the schedule is computed. A job prints both PDFs.
Whoever holds a copy can ask the page /verify whether it was signed here.
"""
