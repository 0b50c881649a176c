"""Generation by itself; token for token against the reference it is in tests/contract."""
