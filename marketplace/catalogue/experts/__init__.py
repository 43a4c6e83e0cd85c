"""Experts (专家): people whom an institute lends, as consultant, 科技特派员 or 科技副总.

Nouns: expert, *consent*, *expert request*. A person is listed only with his consent: who has an account here gives it himself, for the text
as it stands (what somebody else changes takes it back, and the listing off the site, until he gives it again); for anybody else the
institute states that it holds it. A request for contact goes to the institute, never to the person.
"""
