// What the server has tried on its machine: its sentences in German. A {place} holds what the
// server has put there.

export const SENTENCES = [
  // -- folders and disks
  [
    "{folder} can be written, synced, and renamed in",
    "In {folder} lässt sich schreiben, sichern und umbenennen",
  ],
  ["{folder} can be written and locked", "{folder} lässt sich beschreiben und sperren"],
  ["{folder} lies on a network share ({kind})", "{folder} liegt auf einer Netzfreigabe ({kind})"],
  ["{folder} cannot be used: {reason}", "{folder} ist nicht zu gebrauchen: {reason}"],
  [
    "{folder} cannot be written by {user}: it belongs to {owner}, group {group}, mode {mode}",
    "In {folder} kann {user} nicht schreiben; er gehört {owner}, Gruppe {group}, Rechte {mode}",
  ],
  [
    "Type: sudo chown {user} '{folder}', or give its group the right to write",
    "Eintippen: sudo chown {user} '{folder}', oder der Gruppe das Schreiben erlauben",
  ],
  [
    "Mount it to be written; under systemd name it in ReadWritePaths",
    "Zum Schreiben einhängen; unter systemd in ReadWritePaths nennen",
  ],
  [
    "Make the folder, or mount the disk on which it lies",
    "Den Ordner anlegen, oder die Platte einhängen, auf der er liegt",
  ],
  ["Make room on that disk", "Auf dieser Platte Platz schaffen"],
  [
    "Look at the disk: the system's log (dmesg) may tell more",
    "Nach der Platte sehen: Das Protokoll des Systems (dmesg) sagt vielleicht mehr",
  ],
  [
    "{folder} has {size} GB left: nothing more is downloaded",
    "In {folder} sind nur noch {size} GB frei: Es wird nichts mehr geladen",
  ],
  [
    "{folder} can take only {count} more files (inodes)",
    "In {folder} passen nur noch {count} Dateien (Inodes)",
  ],
  ["Delete small files on that disk", "Auf dieser Platte kleine Dateien löschen"],
  [
    "A finished file gets into the library by a renaming",
    "Eine fertige Datei kommt durch Umbenennen in die Bibliothek",
  ],
  [
    "The two directories lie on one disk that is mounted twice: each file is copied",
    "Beide Ordner liegen auf einer Platte, die zweimal eingehängt ist: Jede Datei wird kopiert",
  ],
  [
    "Mount one folder above both, as /data with /data/anime and /data/downloads",
    "Einen Ordner über beiden einhängen, wie /data mit /data/anime und /data/downloads",
  ],
  [
    "The two directories lie on two disks: a finished file is copied",
    "Die Ordner liegen auf zwei Platten: Eine fertige Datei wird kopiert",
  ],
  [
    "Writing 1 MiB and its sync took {seconds} seconds",
    "1 MiB zu schreiben und zu sichern hat {seconds} Sekunden gedauert",
  ],
  ["what was written is not what is read", "gelesen wird anderes, als geschrieben wurde"],
  [
    "a renaming over a file has not replaced the file",
    "Umbenennen über eine Datei hat die Datei nicht ersetzt",
  ],
  ["a database cannot be used ({error})", "eine Datenbank funktioniert dort nicht ({error})"],
  [
    "The clock of this disk's server is {seconds} seconds away from ours",
    "Die Uhr des Servers dieser Platte geht {seconds} Sekunden anders als unsere",
  ],
  [
    "Set the clock of both machines by a time server (NTP)",
    "Die Uhren beider Rechner von einem Zeitserver stellen lassen (NTP)",
  ],
  [
    "The disk has no hard links; a file gets its name by a check and a renaming",
    "Die Platte kennt keine Hardlinks; Dateien werden nach einem Blick umbenannt",
  ],
  [
    "The disk does not tell that a folder has changed: a rescan misses files",
    "Die Platte verrät nicht, dass ein Ordner anders ist: Neu einlesen übersieht Dateien",
  ],
  [
    "Mount the disks themselves, or another way, for the library",
    "Für die Bibliothek die Platten selbst einhängen, oder auf andere Art",
  ],
  [
    "The disk takes names that differ in case alone for the same",
    "Die Platte unterscheidet bei Namen nicht zwischen Groß und Klein",
  ],
  ["The disk does not keep names such as {name}", "Die Platte behält Namen wie {name} nicht"],
  [
    "Mount it with UTF-8 names (iocharset=utf8, or utf8=1)",
    "Mit Namen in UTF-8 einhängen (iocharset=utf8 oder utf8=1)",
  ],
  [
    "Names longer than {count} bytes are refused by the disk",
    "Namen über {count} Byte lehnt die Platte ab",
  ],
  [
    "Choose a disk without an encrypting layer, or shorter naming templates",
    "Eine Platte ohne verschlüsselnde Schicht nehmen, oder kürzere Vorlagen für Namen",
  ],
  ["Even short names are refused by the disk", "Die Platte lehnt sogar kurze Namen ab"],
  ["Choose another disk", "Eine andere Platte nehmen"],
  [
    "New files belong to user {user}, as the disk wants it, not to ours",
    "Neue Dateien gehören Benutzer {user}, weil die Platte es so will, und nicht unserem",
  ],
  [
    "No other user can read new files (mode {mode})",
    "Neue Dateien kann kein anderer Benutzer lesen (Rechte {mode})",
  ],
  [
    "Start the server with a umask of 002 or 022, so that a media server can",
    "Den Server mit der umask 002 oder 022 starten, damit ein Medienserver es kann",
  ],
  [
    "The disk cannot share memory between programs",
    "Die Platte kann Speicher nicht zwischen Programmen teilen",
  ],
  ["Choose a local disk", "Eine Platte dieses Rechners nehmen"],
  [
    "The disk does not answer within {seconds} seconds",
    "Die Platte antwortet in {seconds} Sekunden nicht",
  ],
  [
    "Look at the disk or the share: it hangs",
    "Nach der Platte oder der Freigabe sehen: Sie hängt",
  ],

  // -- the state
  [
    "The state lies on a network share ({kind}), where a database is not safe",
    "Das Gedächtnis liegt auf einer Netzfreigabe ({kind}); dort ist eine Datenbank nicht sicher",
  ],
  [
    "Choose a local disk with --data-dir",
    "Mit --data-dir eine Platte dieses Rechners nehmen",
  ],
  [
    "The state lies in memory ({kind}) and is gone with the next start",
    "Das Gedächtnis liegt im Arbeitsspeicher ({kind}) und ist beim nächsten Start weg",
  ],
  ["Choose a disk with --data-dir", "Mit --data-dir eine Platte nehmen"],
  [
    "The state lies in the container itself ({kind}) and is gone with it",
    "Das Gedächtnis liegt im Container selbst ({kind}) und ist mit ihm weg",
  ],
  ["Mount a volume at {folder}", "Ein Volume unter {folder} einhängen"],
  [
    "{file} belongs to user {owner}; this check runs as user {user}",
    "{file} gehört Benutzer {owner}; geprüft wird als Benutzer {user}",
  ],
  [
    "Run server and checks as the same user, or give the files to the server's user",
    "Server und Prüfung unter einem Benutzer laufen lassen, oder die Dateien dem Benutzer des Servers geben",
  ],
  [
    "{file} can be read by other users of this machine",
    "{file} können andere Benutzer dieses Rechners lesen",
  ],
  ["Type: chmod 600 '{file}'", "Eintippen: chmod 600 '{file}'"],

  // -- clock and descriptors
  ["The clock says {time}", "Die Uhr zeigt {time}"],
  ["The clock says {time}, which is over", "Die Uhr zeigt {time}, und das ist vorbei"],
  [
    "The clock says {time}, and files of the state were written later than that",
    "Die Uhr zeigt {time}, und Dateien im Gedächtnis sind später geschrieben worden",
  ],
  [
    "Let the system set its clock by a time server (NTP); a Raspberry Pi has none of its own",
    "Die Uhr von einem Zeitserver stellen lassen (NTP); ein Raspberry Pi hat keine eigene",
  ],
  [
    "{count} files are open of {limit} that may be",
    "{count} Dateien sind offen, {limit} dürfen es sein",
  ],
  [
    "The limit of open files is {limit}, {count} are open",
    "Höchstens {limit} Dateien dürfen offen sein, {count} sind es",
  ],
  [
    "Raise it: LimitNOFILE=1024 in the unit, or ulimit -n 1024 before the start",
    "Heraufsetzen: LimitNOFILE=1024 in der Unit, oder ulimit -n 1024 vor dem Start",
  ],

  // -- sources and proxies
  [
    "No source is configured: nothing can be downloaded",
    "Es ist keine Quelle eingerichtet: Es kann nichts geladen werden",
  ],
  [
    "There was no time left to try this source",
    "Für einen Versuch mit dieser Quelle blieb keine Zeit",
  ],
  ["The trial failed", "Der Versuch ist fehlgeschlagen"],
  ["See the log", "Ins Protokoll sehen"],
  [
    "This call came from {address} without a proxy",
    "Diese Anfrage kam von {address}, ohne Proxy",
  ],
  [
    "This call came from {address} by the proxy at {proxy}",
    "Diese Anfrage kam von {address} über den Proxy {proxy}",
  ],
  [
    "A proxy at {proxy} passes calls on and is not trusted: all have its address",
    "Der Proxy {proxy} gilt nicht als vertraut: Alle, die über ihn kommen, haben seine Adresse",
  ],
  [
    'Set trusted_proxies to ["{proxy}"]',
    "Unter Einstellungen, Server bei „Vertraute Proxys“ eintragen: {proxy}",
  ],
  [
    "The proxy at {proxy} does not say who calls (X-Forwarded-For)",
    "Der Proxy {proxy} sagt nicht, wer anfragt (X-Forwarded-For)",
  ],
  [
    "The proxy at {proxy} does not say how it was called (X-Forwarded-Proto)",
    "Der Proxy {proxy} sagt nicht, wie er selbst aufgerufen wurde (X-Forwarded-Proto)",
  ],
  [
    "The browser is at {address}, and the proxy sends another Host or X-Forwarded-Proto",
    "Der Browser ist bei {address}, und der Proxy schickt einen anderen Host oder X-Forwarded-Proto",
  ],
  [
    "Let the proxy send Host, X-Forwarded-For and X-Forwarded-Proto, as in deploy/nginx.conf",
    "Den Proxy Host, X-Forwarded-For und X-Forwarded-Proto mitschicken lassen, wie in deploy/nginx.conf",
  ],
];
