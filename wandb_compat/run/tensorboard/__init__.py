"""TensorBoard's event files as rows of the run that follows them, native or mirrored."""
