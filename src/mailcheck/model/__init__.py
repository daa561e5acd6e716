"""The vocabulary: frozen dataclasses, enums and unions that every other room speaks.

What belongs here: what a thing is. What never does: what it means for the administrator, how it is moved or shown,
an import from outside the standard library, a clock, a socket, the environment.
"""
