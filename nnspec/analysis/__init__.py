"""What can be read off a program: costs, depth, receptive fields, promises."""
