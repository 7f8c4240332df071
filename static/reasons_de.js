// The server's sentences about failures, in German; what is in none of them stays English.

const TRY = String.raw`(?: \(try (\d+) of (\d+)\))?`;
const sentence = (english, german) => [
  new RegExp(`^${english}${TRY}$`),
  (...found) => {
    const groups = found.slice(1, -2);
    const [tried, tries] = groups.splice(-2);
    const text = german.replace(/\$(\d)/g, (_, number) => groups[number - 1]);
    return tried ? `${text} (Versuch ${tried} von ${tries})` : text;
  },
];

export const SENTENCES = [
  sentence("The source refused the connection", "Die Quelle hat die Verbindung abgelehnt"),
  sentence("The source does not answer", "Die Quelle antwortet nicht"),
  sentence("The source cannot be reached", "Die Quelle ist nicht erreichbar"),
  sentence("The source answered (\\d+)", "Die Quelle hat mit $1 geantwortet"),
  sentence("The source was silent for ([\\d.]+) seconds", "Die Quelle schwieg $1 Sekunden lang"),
  sentence("The source is too slow", "Die Quelle ist zu langsam"),
  sentence("The source broke off", "Die Quelle hat mittendrin aufgehört"),
  sentence("The connection broke off", "Die Verbindung ist abgebrochen"),
  sentence("The source no longer has this episode", "Die Quelle hat diese Folge nicht mehr"),
  sentence(
    "The source has no such (?:file|episode|item|folder|series)",
    "Das hat die Quelle nicht",
  ),
  sentence(
    "The source has no file of this episode(?: any more)?",
    "Zu dieser Folge hat die Quelle keine Datei",
  ),
  sentence("The source sent an empty file", "Die Quelle hat eine leere Datei geschickt"),
  sentence(
    "The source sent a document in place of a video",
    "Die Quelle hat eine Webseite statt eines Videos geschickt",
  ),
  sentence("The source sent the video packed", "Die Quelle hat das Video verpackt geschickt"),
  sentence(
    "The source sends another length than it lists; a rescan asks it again",
    "Die Quelle schickt eine andere Länge, als sie auflistet; Neu einlesen fragt noch einmal",
  ),
  sentence("The source gives one connection only", "Die Quelle gibt nur eine Verbindung"),
  sentence("The source's name is unknown", "Den Namen der Quelle kennt niemand"),
  sentence(
    "The source's answer is not proper HTTP",
    "Die Antwort der Quelle ist kein richtiges HTTP",
  ),
  sentence(
    "The file is larger than any that is believed",
    "Die Datei ist größer als jede glaubhafte",
  ),
  sentence("The disk is full", "Die Platte ist voll"),
  sentence(
    "The download or library directory cannot be written: (.+)",
    "In den Ordner für Downloads oder Bibliothek kann nicht geschrieben werden: $1",
  ),
  sentence("Waits for the night, until ([\\d :-]+)", "Wartet auf die Nacht, bis $1"),
  sentence("Waits for another day, until ([\\d :-]+)", "Wartet auf einen anderen Tag, bis $1"),
  sentence(
    "Waits for a better file, one in ([\\w, -]+?), until ([\\d-]+)",
    "Wartet auf eine bessere Datei, eine in $1, bis $2",
  ),
];
