"""The tests of TechBridge."""
