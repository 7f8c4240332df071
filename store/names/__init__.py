"""Reading and writing the names of files and folders. Pure: no disk, no network, nothing above this package."""
