"""The pages, one file each, found by `dashboards.page.pages`."""
