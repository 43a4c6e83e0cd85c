"""The trail 审计链: what happened and what was read, in a chain of hashes, so that whoever removes or changes a row later is noticed.

Nouns: a **link** 链环 binds one row of the log to all before it; an **alteration** 变更 is what one transaction did to one row of the database, before and
after; an **anchor** 锚点 is the head of the chain at a moment, signed by the site and mailed to its operators.

Events, alterations, and the openings of blind listings and of documents are the log. They are written in the transaction of what they tell; a job chains
them after the commit (`chaining.link_all`), so that writers do not queue for the end of the chain. `marketplace check` walks the chain and names the first
row that is gone, changed, put in or moved. Who could write the whole database anew could write the whole chain anew: therefore the anchors, which leave the
site. Values that somebody may want forgotten stand in the chain by a salted hash: `chaining.erase` takes value and salt away and leaves the chain whole.

The walk: somebody edits his organisation → `organisation.edit` and an alteration of its row in one transaction → the job links both → the daily anchor →
the operator reads both on the page of the trail, and `marketplace check` says that nothing is missing.
"""
