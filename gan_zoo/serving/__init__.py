"""A trained model as a service: pictures in by HTTP, pictures out."""
