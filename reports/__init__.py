"""What a run of the bench proved: requirement catalogue, run folder, report.

Reads files and imports no other package of the project. ``python -m reports RUN_DIR`` renders.
"""
