"""Generated scenes: a graph of objects, and a label map, an instance map and a picture of it."""
