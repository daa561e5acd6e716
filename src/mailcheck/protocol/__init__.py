"""What the bytes mean: one dialogue per mail protocol, without a socket, a clock or a log.

What belongs here: generators that yield effects and end in what they found. What never does: an await, a timeout,
a limit on size (the transport bounds what it reads), or a word to the administrator (diagnosis has those).
"""
