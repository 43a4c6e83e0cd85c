"""Why"""
from typing import Any
def reason(obligation: Any, currency: str, lang: str) -> str:
    return ""
