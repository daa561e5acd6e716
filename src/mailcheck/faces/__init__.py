"""One translator per audience: HTTP, Teams, the terminal.

What belongs here: parsing what came in, showing what came out. What never does: a socket, the environment, a decision
about the check.
"""
