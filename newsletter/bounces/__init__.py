"""Bounce mails: what mail servers and mailbox providers write back, read into events.

`mailboxes` finds the mails, `read` reads one of them, `hardness` says whether a failure is for good.
"""
