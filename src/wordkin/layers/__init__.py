"""Layers that hold word vectors, one file for each framework.

Nothing here is imported with `wordkin`: a framework is loaded when its layer is asked for.
"""
