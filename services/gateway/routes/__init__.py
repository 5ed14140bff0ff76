"""Every route; the OpenAPI document is made of this table."""

from typing import Final

from services.gateway.route import Route
from services.gateway.routes import classify, feedback, health, inference, models, page

ROUTES: Final[tuple[Route, ...]] = (
    *classify.ROUTES,
    *feedback.ROUTES,
    *models.ROUTES,
    *inference.ROUTES,
    *health.ROUTES,
    *page.ROUTES,
)
