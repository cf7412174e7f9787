"""The script that Streamlit runs, apart from the pages: beside a folder `pages` it would list their files itself."""
