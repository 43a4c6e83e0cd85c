"""Tests of open calls."""
