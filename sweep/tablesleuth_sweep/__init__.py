"""Inspects lakehouse tables and gives one finding document for each: what it has, what it wastes, what to do."""
