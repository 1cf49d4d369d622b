"""A trained model in use: any picture in, the same kind out."""
