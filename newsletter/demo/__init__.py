"""The demo: a sample WordPress site on loopback, and the whole story from its feed to sent mail.

articles/*.html, comments.toml   what its authors and its readers wrote (all invented)
pictures/, theme/                how it looks: illustrations; the feed, the pages, and what a theme adds
library, site, server            read them, write the site's pages, answer over HTTP
settings, readers, story         a site of our own beside it, and what an editor does there in a week
"""
