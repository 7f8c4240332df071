"""The parts that outlive the process; and the version, which every room may tell."""

VERSION = "1.0.0"
