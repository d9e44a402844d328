"""Breaks each guard of the ledger, the links and the verdict in turn, and asks the tests whether they notice."""
