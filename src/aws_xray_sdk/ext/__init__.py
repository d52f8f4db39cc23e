"""Integrations: what turns the work of frameworks and libraries into segments and subsegments."""
