from support.traced import traced

__all__ = ["traced"]
