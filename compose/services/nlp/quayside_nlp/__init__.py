"""Turns text into unit vectors and counts its word-pieces, over HTTP, for the rest of the stack."""
