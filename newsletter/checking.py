"""The gate of a site: gathers what is to be known of an issue and holds it against every check."""
