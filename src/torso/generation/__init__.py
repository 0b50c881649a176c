"""Texts written token by token: settings, processors of scores, sampling, beams, and text as it comes."""
