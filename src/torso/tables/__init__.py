"""Numbers that models compute rather than learn: angles, slopes, buckets, sinusoids. In NumPy, once for every engine.

They are those of the reference library to the bit where a bit grows into an error: in whatever is multiplied by a
position, or decides which row of a table is read.
"""
