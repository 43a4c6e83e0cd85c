"""Talk: what the people of a deal say to each other and agree to do (沟通).

**Nouns.** A *message* (消息) goes to its readers on the page and by mail; a *note* (备注) stays on the page; a *task* (待办) is what somebody is to do by
a day; a *meeting* (会议) has a time in a zone and an *attendance* (出席) for each party invited. The *audience* (可见范围) of each says who may read it: all
parties, one side with the broker, or the own side alone. A *thread* is the messages of one audience.
An *enclosure* (附件) is a file that came with an answer by mail.

**States.** A task is open, done or dropped; a meeting planned or cancelled. Messages and corrections are only ever added; a note can be changed by its
author for a quarter of an hour.

**Rules.** Before the introduction no audience holds both sides. Guests belong to different houses: what is not for all is not for them, and they have no
own side. After its end a deal can be talked about for 90 days, then only read.

**Mail.** Each reader gets a message in his language from a reply address of his own: `reply+TOKEN@host` names party and audience and is signed, so an
answer can only come back into the thread it answers. `receive` is handed what arrives there.
"""
