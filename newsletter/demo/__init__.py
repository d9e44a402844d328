"""The demo: a sample WordPress site on loopback, and the whole story from its feed to sent mail.

articles/*.html, comments.toml   what its authors and its readers wrote; all of it is invented
pictures/, theme/                how it looks: illustrations; the feed, the pages, and what a theme adds
library, site, server            read these, write the site's pages, answer over HTTP
site.toml, note.md, settings     our own site beside it, and what its editor writes
story, look                      what an editor does in a week; its issue, to look at when all is over
"""
