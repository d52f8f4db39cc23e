"""The public surface that a drop-in keeps."""
