"""The stories the product tells: check one mailbox, look at the app itself.

What belongs here: the order of events, the deadline, who is asked what. Each file declares the ports it needs as
`typing.Protocol`s at its top. What never does: an SDK's name, a byte of a mail protocol, a word to the administrator.
"""
