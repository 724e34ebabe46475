"""Shapes."""

import six


def square(side):
    return six.moves.builtins.pow(side, 2)
