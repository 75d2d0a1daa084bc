"""The administration site on 8200: pages for people, beside the API for programs.

Pages do nothing by themselves: each reads and changes through a declared route of the API, in
process (``inner.py``). How to add one: README.md in this folder.
"""
