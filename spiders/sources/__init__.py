"""One spider a file; Scrapy finds them by themselves."""
