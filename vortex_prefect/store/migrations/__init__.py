"""Alembic's folder: `env.py`, and a file for each revision of the tables."""
