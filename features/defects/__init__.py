"""Planted defects: what real products do wrong, each with the requirements that must notice it."""
