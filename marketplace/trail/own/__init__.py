"""One's own history 历史记录: what the log says of an organisation's listings, deals and agreements to its members, and of an account to its person.

The operator's page of the trail shows all of the log, with digests for texts. Here the reader sees his own things alone, in words, with what was before and
after: of listings the texts themselves, from their revisions; of all else the states. Each thing is asked for by the rule of its own list: a deal by who takes
part in it or owns a house of it, an agreement that was never proposed by who drafted it. What a deal is called and who is named in it is decided by its sight.
"""
