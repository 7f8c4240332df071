"""The folders that no household made: bins, snapshots, thumbnails. Nobody's episodes lie in them.

One list for the library and for sources. Whatever begins with a dot is left out as well.
"""

from __future__ import annotations

import re

# Name, as it is compared -> who makes it.
MAKERS = {
    # Windows
    "$recycle.bin": "the bin of Windows",
    "recycler": "the bin of Windows XP",
    "recycled": "the bin of Windows 98",
    "system volume information": "the restore points of Windows",
    "$extend": "the metadata of NTFS",
    "config.msi": "the installer of Windows",
    # Synology
    "#recycle": "the bin of Synology",
    "#snapshot": "the snapshots of Synology",
    "@eadir": "the thumbnails of Synology",
    "@tmp": "the temporary files of Synology",
    "@sharebin": "the bin of Synology",
    "@sharesnap": "the snapshots of Synology",
    "@synologydrive": "the versions of Synology Drive",
    # QNAP; its thumbnails begin with a dot
    "@recycle": "the bin of QNAP",
    "@recently-snapshot": "the snapshots of QNAP",
    "@transcode": "the transcoded copies of QNAP",
    "@__thumb": "the thumbnails of QNAP",
    # Others
    "recycle bin": "the bin of ReadyNAS and Asustor",
    "trashbox": "the bin of Buffalo",
    "~snapshot": "the snapshots of NetApp",
    "@snapshots": "the snapshots of Btrfs",
    # macOS; its other folders begin with a dot
    "network trash folder": "the bin of macOS on shares",
    "temporary items": "the temporary files of macOS",
    "thevolumesettingsfolder": "the settings of macOS on shares",
    "__macosx": "the attributes of macOS in archives",
    # Linux
    "trash": "the bin of Linux desktops",
    "lost+found": "what a check of the disk found",
}
FOUND = re.compile(r"found\.\d{3}")  # what a check of the disk found, on Windows


def is_system_folder(name: str) -> bool:
    """Whether a folder of this name, at the top or below, is none of the household's."""
    plain = name.casefold()
    return plain[:1] == "." or plain in MAKERS or FOUND.fullmatch(plain) is not None
