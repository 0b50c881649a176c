"""The transfer engine: HTTP, ranges, resumption, verification."""
