"""How an issue looks to those who get it: in an inbox, on a phone, in the dark, without pictures, and how big it is.

shown.py    an issue's variants as they are shown, each with its size as sent
inbox.py    the line an inbox shows before a mail is opened
looks.py    a mail as programs of one look show it
colours.py  what becomes of a colour where a program darkens a mail by force
page.py     all of it on one page, build/<slug>/gallery.html

The studio shows the same, and follows every save.
"""
