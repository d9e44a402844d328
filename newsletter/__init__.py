"""The publishing pipeline behind a weekly newsletter: from a site's feed to sent mail."""

__version__ = "0.1.0"
