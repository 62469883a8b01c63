"""Applies a plan and nothing but the plan."""
