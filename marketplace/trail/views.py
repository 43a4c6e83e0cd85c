"""Pages."""
from flask import Blueprint, Flask
blueprint = Blueprint("trail", __name__)


def prepare(app: Flask) -> None:
    """Nothing to prepare."""
