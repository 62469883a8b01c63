"""One module an area: a flat table of templates."""
