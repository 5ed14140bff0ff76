"""The Scrapy project: it reads sites and publishes raw documents."""
