"""Sources of pictures: simulated, OpenCV devices, files."""
