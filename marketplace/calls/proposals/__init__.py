"""Proposals (揭榜方案): what a solver hands in to a call, sealed until its deadline."""
