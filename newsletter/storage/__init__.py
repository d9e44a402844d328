"""The store: every SQL statement of the program is in this folder.

A function's first argument is an open connection, so that where a transaction begins and ends stands in the
verb that calls it. A write returns whether, or how much, *this call* changed.
"""
