"""What Streamlit runs for every visitor and click."""

from __future__ import annotations

from dashboards.app import main

if __name__ == "__main__":
    main()
