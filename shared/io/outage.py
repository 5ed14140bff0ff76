"""The two ways in which a server is of no use: it is away, or it was set up in a way that no retry mends."""


class Outage(Exception):
    """A broker, store or cache stayed away for longer than its retries allow.

    Neither a rejection nor a fault: no record is to blame, so nothing is dead-lettered. The process that sees one
    exits, and its supervisor starts it again.
    """


class Misconfigured(Exception):
    """A server answered, and what it said needs a person: wrong credentials, no such bucket or topic.

    The message names the remedy. No record is to blame here either, and trying again can't help.
    """
