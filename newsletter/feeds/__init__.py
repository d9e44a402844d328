"""Feeds: ask a site for its articles (`fetch`), read what it answers (`parse`, `wordpress`), and take from
each article only what a newsletter shows: a sentence or two (`excerpt`), a picture and a video (`media`).

What readers wrote under an article is never taken in: see `comments` and `furniture`.
"""
