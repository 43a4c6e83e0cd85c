"""How the site is: for whoever runs it, and for the programs that watch it.

**Nouns.** A *finding* is one thing looked at: database, version, index, room, queue, mail. It is *grave* when pages fail because of it. A *measure* is a figure
over time, in the form Prometheus reads.

**Who.** `/healthz` answers everybody: this process is alive, nothing else is asked. `/readyz` answers everybody by its status, 200 or 503; the findings in
words and `/metrics` are for a *watcher*: who comes from this machine and through no proxy, or brings the token of MARKETPLACE_MONITOR_TOKEN.

**Walk.** A load balancer asks `/readyz` of each server, and leaves out one whose database is gone or older than its program. The age of the queue and of the
mail is said there too but takes no server out: pages work without a worker, and on a site of one machine nothing would be left. Prometheus fetches `/metrics`:
answers by endpoint (never by address) from all workers of gunicorn together, and what the database knows of jobs, mails and the index.

Decision 0028 says why each of these is so.
"""
