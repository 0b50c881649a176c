"""The documentation site: what docs/ holds, and reference pages written from the sources, in English and Chinese.

``python -m tools.site`` builds it into ``build/site``, and then reads what was built: a dead link, a missing anchor or
a request to another host is an error. `assemble` makes the folder that MkDocs reads.
"""
