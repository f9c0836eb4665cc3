"""Pictures from the data of a report: SVG and palette PNG for the page."""
