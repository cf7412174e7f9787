"""The Streamlit pages."""

from __future__ import annotations

import analytics  # noqa: F401 - declares the tables of analyses to the warehouse
