"""What the evidence means for the administrator: the catalogue, and the matching.

What belongs here: every sentence about what is wrong and what mends it. What never does: an await, a socket, a clock,
or how a sentence looks (the faces have that).
"""
