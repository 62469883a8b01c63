"""Plans, reports and history as text and JSON. Decides nothing."""
