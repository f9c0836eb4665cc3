"""What paper needs that a browser does without: the page's markup made fit for WeasyPrint."""
