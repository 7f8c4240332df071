// The server's sentences about failures, in German; what is in none of them stays English.

import { sayErrorInGerman } from "./system_errors_de.js";

// What stands in a sentence's place.
const WORDS = {
  "a document": "eine Webseite",
  "a program": "ein Programm",
  text: "Text",
  "its authority is not known here": "Seine Zertifizierungsstelle ist hier unbekannt",
  "it is not valid yet": "Es gilt noch nicht",
  "it has expired": "Es ist abgelaufen",
  "it is signed by itself alone": "Es hat sich nur selbst unterschrieben",
  "it is made for another name": "Es ist für einen anderen Namen ausgestellt",
  "it is made for another address": "Es ist für eine andere Adresse ausgestellt",
  "its key is too weak": "Sein Schlüssel ist zu schwach",
  "its authority's key is too weak": "Der Schlüssel seiner Zertifizierungsstelle ist zu schwach",
  "its signature is too weak": "Seine Unterschrift ist zu schwach",
  "it does not speak TLS there": "Sie spricht dort kein TLS",
  "it wants a certificate of ours": "Sie verlangt ein Zertifikat von uns",
  "it speaks no version of TLS that is safe": "Sie spricht keine sichere Version von TLS",
  "it does not know that name": "Diesen Namen kennt sie nicht",
  "it takes no cipher that is safe, or wants a certificate of ours":
    "Sie nimmt kein sicheres Verfahren an, oder sie verlangt ein Zertifikat von uns",
  "its keys are too weak": "Ihre Schlüssel sind zu schwach",
  "it broke off": "Sie hat abgebrochen",
  "let the server's user write there": "dem Benutzer des Servers dort das Schreiben erlauben",
  "its disk is mounted for reading only": "die Platte ist nur zum Lesen eingehängt",
  "its file system takes no file of that size": "das Dateisystem nimmt so große Dateien nicht",
  "choose shorter names in `naming`": "unter „Ordner und Namen“ kürzere Namen wählen",
  "a link there leads in circles: remove it": "ein Link führt dort im Kreis: entfernen",
  "look after its disk": "nach der Platte sehen",
  "a file is in the place of a folder: move it away": "statt eines Ordners liegt dort eine Datei",
  "input or output failed": "Lesen oder Schreiben schlug fehl",
  "see to that": "das in Ordnung bringen",
};

const TRY = String.raw`(?: \(try (\d+) of (\d+)\))?`;
const inGerman = (words) => WORDS[words] ?? sayErrorInGerman(words);
const sentence = (english, german) => [
  new RegExp(`^${english}${TRY}$`),
  (...found) => {
    const groups = found.slice(1, -2);
    const [tried, tries] = groups.splice(-2);
    const text = german.replace(/\$(\d)/g, (_, number) => inGerman(groups[number - 1]));
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
  sentence(
    "The source (?:has|sent) no picture(?: of this series)?",
    "Zu dieser Serie hat die Quelle kein Bild",
  ),
  sentence(
    "The source's picture is too large to be drawn",
    "Das Bild der Quelle ist zu groß zum Zeichnen",
  ),
  sentence(
    "The source did not send its picture within ([\\d.]+) seconds",
    "Die Quelle hat ihr Bild nicht in $1 Sekunden geschickt",
  ),
  sentence("The source sent an empty file", "Die Quelle hat eine leere Datei geschickt"),
  sentence(
    "The source sent (.+?) in place of a video",
    "Die Quelle hat $1 statt eines Videos geschickt",
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
  sentence(
    "The download or library directory cannot be used: (.+)",
    "Der Ordner für Downloads oder Bibliothek ist nicht zu gebrauchen: $1",
  ),
  sentence(
    "(.+?) cannot be written: (.+?); (.+?), then retry this item",
    "$1 kann nicht geschrieben werden ($2): $3, dann noch einmal versuchen",
  ),
  sentence("Waits for the night, until ([\\d :-]+)", "Wartet auf die Nacht, bis $1"),
  sentence("Waits for another day, until ([\\d :-]+)", "Wartet auf einen anderen Tag, bis $1"),
  sentence(
    "Waits for a better file, one in ([\\w, -]+?), until ([\\d-]+)",
    "Wartet auf eine bessere Datei, eine in $1, bis $2",
  ),
  sentence(
    "The source answered (\\d+) \\(wrong user or password\\)",
    "Die Quelle hat mit $1 geantwortet (Benutzer oder Passwort falsch)",
  ),
  sentence(
    "The source answered (\\d+) \\(the API key is wrong\\)",
    "Die Quelle hat mit $1 geantwortet (der API-Schlüssel ist falsch)",
  ),
  sentence(
    "The source answered (\\d+) \\(it asks for a login, and feeds have none here\\)",
    "Die Quelle hat mit $1 geantwortet (sie verlangt eine Anmeldung, die es für Feeds nicht gibt)",
  ),
  sentence(
    "The source answered (\\d+) \\(access refused\\)",
    "Die Quelle hat mit $1 geantwortet (Zugriff verweigert)",
  ),
  sentence(
    "The source answered (\\d+) \\(not found\\)",
    "Die Quelle hat mit $1 geantwortet (nicht gefunden)",
  ),
  sentence(
    "The source answered (\\d+) \\(gone\\)",
    "Die Quelle hat mit $1 geantwortet (nicht mehr da)",
  ),
  sentence(
    "The source answered (\\d+) \\(range refused\\)",
    "Die Quelle hat mit $1 geantwortet (Bereich verweigert)",
  ),
  sentence(
    "The source answered (\\d+) \\(too many requests\\)",
    "Die Quelle hat mit $1 geantwortet (zu viele Anfragen)",
  ),
  sentence(
    "The source answered (\\d+) \\(busy\\)",
    "Die Quelle hat mit $1 geantwortet (ausgelastet)",
  ),
  sentence(
    "The source redirects to (\\S+), and a login is never sent along",
    "Die Quelle leitet zu $1 um; eine Anmeldung wird nie mitgeschickt",
  ),
  sentence(
    "The source asks for a login of a kind that is not known here",
    "Die Quelle verlangt eine Art von Anmeldung, die hier unbekannt ist",
  ),
  sentence(
    "The source answered a page (?:at another address )?that is no folder listing",
    "Die Quelle hat eine Seite geschickt, die kein Ordner ist",
  ),
  sentence(
    "The source leads to a private address that is not its own",
    "Die Quelle führt zu einer fremden privaten Adresse",
  ),
  sentence("another source has it, too", "eine andere Quelle hat es auch"),
  sentence(
    "The source did not accept a connection in time",
    "Die Quelle hat die Verbindung nicht rechtzeitig angenommen",
  ),
  sentence(
    "The source's name could not be looked up in time",
    "Der Name der Quelle ließ sich nicht rechtzeitig nachschlagen",
  ),
  sentence("The source broke the connection off", "Die Quelle hat die Verbindung abgebrochen"),
  sentence(
    "The source cannot go on where it broke off",
    "Die Quelle kann nicht weitermachen, wo sie aufgehört hat",
  ),
  sentence(
    "The source sent less than it promised",
    "Die Quelle hat weniger geschickt als angekündigt",
  ),
  sentence(
    "The source sent packed data although plain data was asked for",
    "Die Quelle hat Verpacktes geschickt, obwohl Unverpacktes verlangt war",
  ),
  sentence(
    "The source did not finish its answer within ([\\d.]+) seconds",
    "Die Quelle wurde in $1 Sekunden nicht mit der Antwort fertig",
  ),
  sentence("The source redirects more than (\\d+) times", "Die Quelle leitet mehr als $1-mal um"),
  sentence("The source answered (\\d+) \\(([^()]+)\\)", "Die Quelle hat mit $1 geantwortet ($2)"),
  sentence("The source answered no feed(?:.*?)", "Die Quelle hat keinen Feed geschickt"),
  sentence(
    "The source's answer (?:does not have the expected form|does not fit what was asked)",
    "Die Antwort der Quelle passt nicht zur Frage",
  ),
  sentence("The source's answer holds too much", "Die Antwort der Quelle ist zu groß"),
  sentence(
    "The source cannot be asked with these headers",
    "Die Quelle lässt sich so nicht fragen",
  ),
  sentence("The source lists nothing of this series", "Die Quelle hat von dieser Serie nichts"),
  sentence(
    "The source lists more than (\\d+) (?:series|episodes|entries)(?:.*?)",
    "Die Quelle hat mehr Einträge als erlaubt ($1)",
  ),
  sentence(
    "The names of one series have more than (\\d+) characters together",
    "Die Namen einer Serie sind zusammen länger als $1 Zeichen",
  ),
  sentence(
    "The source's title of this series is no text",
    "Der Titel dieser Serie ist bei der Quelle kein Text",
  ),
  sentence(
    "The source offers a file that is no video \\(([^()]*)\\)",
    "Die Quelle bietet eine Datei an, die kein Video ist ($1)",
  ),
  sentence(
    "The source is no Aniworld, and no catalogue of one",
    "Die Quelle ist kein Aniworld und auch kein Katalog davon",
  ),
  sentence(
    "The source is a newer Aniworld, which shares in another form",
    "Die Quelle ist ein neueres Aniworld, das anders teilt",
  ),
  sentence(
    "The source has this video as a stream or at another host alone, which is not fetched",
    "Die Quelle hat dieses Video nur als Stream oder auf einem anderen Server; das wird nicht geholt",
  ),
  sentence("yt-dlp finds no video at this address", "yt-dlp findet an dieser Adresse kein Video"),
  sentence("The source has no such video", "Das hat die Quelle nicht"),
  sentence("The demo has no such series", "Das hat die Vorführung nicht"),
  sentence("The source's certificate is not valid", "Das Zertifikat der Quelle ist nicht gültig"),
  sentence(
    "The source's certificate is not valid: (.+?)",
    "Das Zertifikat der Quelle ist nicht gültig: $1",
  ),
  sentence(
    "No secure connection to the source was possible",
    "Eine sichere Verbindung zur Quelle kam nicht zustande",
  ),
  sentence(
    "No secure connection to the source was possible: (.+?)",
    "Eine sichere Verbindung zur Quelle kam nicht zustande: $1",
  ),
  sentence(
    "The file that ca_file names .*?",
    "Die Datei bei „Eigene Zertifizierungsstelle“ taugt nicht",
  ),
  sentence(
    "The source does not answer to WebDAV at this address",
    "Die Quelle spricht an dieser Adresse kein WebDAV",
  ),
  sentence("The source(?: of this anime)? is switched off", "Die Quelle ist ausgeschaltet"),
  sentence(
    "The source sent more than ([\\d,]+) bytes",
    "Die Quelle hat mehr als $1 Byte geschickt",
  ),
  sentence(
    "The names in one folder have more than ([\\d,]+) characters together",
    "Die Namen in einem Ordner sind zusammen länger als $1 Zeichen",
  ),
  sentence(
    "The source failed for a reason that only the log tells",
    "Die Quelle hat versagt; nur das Protokoll sagt, warum",
  ),
  sentence("No space left beside the reserve", "Neben der Reserve ist kein Platz mehr"),
  sentence("The source rests", "Die Quelle ruht"),
  sentence(
    "The unfinished file's place is taken by something else",
    "Am Platz der unfertigen Datei liegt etwas anderes",
  ),
  sentence(
    "The file's (\\S+) checksum is wrong, twice",
    "Die $1-Prüfsumme der Datei ist zweimal falsch",
  ),
  sentence(
    "The file may still be being written at its source: .*?",
    "Die Datei wird an der Quelle vielleicht noch geschrieben",
  ),
  sentence(
    "The folder of (.+?) is another series'; retry this item",
    "Der Ordner von $1 gehört einer anderen Serie; noch einmal versuchen",
  ),
  sentence(
    "(.+?) is in the library already; move it away, or remove this item",
    "$1 liegt schon in der Bibliothek: wegräumen, oder den Eintrag entfernen",
  ),
  sentence("Waits for a better file, (.+?)", "Wartet auf eine bessere Datei: $1"),
];
