"""The third kind of failure: a server is away."""


class Outage(Exception):
    """A broker, store or cache stayed away for longer than its retries allow.

    Neither a rejection nor a fault: no record is to blame, so nothing is dead-lettered. The process that sees one
    exits, and its supervisor starts it again.
    """
