"""The editors' studio: one page on 127.0.0.1 with the issue as it would be sent; it follows every save."""
