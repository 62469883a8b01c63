"""Projects of dbt as projects of ours: read, converted, and what did not come along told."""

from lakewright.specs.dbt.converting import import_dbt
from lakewright.specs.dbt.values import Imported, Remark

__all__ = ["Imported", "Remark", "import_dbt"]
