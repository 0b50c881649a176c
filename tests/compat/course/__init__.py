"""The course's notebooks: every code cell run with transformers and with torso, and their numbers compared.

The course is the public repository zyds/transformers-code; nothing of it is kept here, neither text nor code. By hand::

    python -m tests.compat.course CHECKOUT --reference PYTHON --out docs/course.md

``PYTHON`` is an interpreter whose transformers still has what the course uses: the newest 4.x.
"""
