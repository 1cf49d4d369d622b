"""Trained models handed on: what makes pictures, with a card for people, in a hub's layout."""
