"""File access: safe paths, bounded reads, strict JSON, atomic writes."""
