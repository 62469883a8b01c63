"""Problems, plans, reports and releases as text and JSON. Decides nothing.

Only what tells an error is loaded here, so that it can be told when nothing else can be loaded.
"""

from lakewright.observe.documents import FORMAT_VERSION, error_document, render_json
from lakewright.observe.paint import Paint
from lakewright.observe.problems import render_problems

__all__ = ["FORMAT_VERSION", "Paint", "error_document", "render_json", "render_problems"]
