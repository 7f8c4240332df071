// What is wrong with a field, and how to mend it: the server's sentences in German. A {place} holds
// what the server has put there.

export const SENTENCES = [
  // -- the form of a value
  ["must be text", "Muss Text sein"],
  ["must be a number", "Muss eine Zahl sein"],
  ["must be a whole number", "Muss eine ganze Zahl sein"],
  ["must be true or false", "Muss true oder false sein"],
  ["must be a list", "Muss eine Liste sein"],
  ["must be an object", "Muss ein Objekt sein"],
  ["must be {choice}", "Muss {choice} sein"],
  ["must be one of {choices}", "Muss eines davon sein: {choices}"],
  ["must be at least {count}", "Muss mindestens {count} sein"],
  ["must be at most {count}", "Darf höchstens {count} sein"],
  ["must be at least {count} character", "Muss mindestens {count} Zeichen haben"],
  ["must be at most {count} character", "Darf höchstens {count} Zeichen haben"],
  ["must be at least {count} characters", "Muss mindestens {count} Zeichen haben"],
  ["must be at most {count} characters", "Darf höchstens {count} Zeichen haben"],
  ["must have at least {count} entry", "Muss mindestens {count} Eintrag haben"],
  ["must have at most {count} entry", "Darf höchstens {count} Eintrag haben"],
  ["must have at least {count} entries", "Muss mindestens {count} Einträge haben"],
  ["must have at most {count} entries", "Darf höchstens {count} Einträge haben"],
  ["must be 8 to 1,024 characters long", "Muss 8 bis 1.024 Zeichen lang sein"],
  ["must not be blank", "Darf nicht leer sein"],
  [
    "must not hold the character {code}, which is not shown",
    "Darf das Zeichen {code} nicht enthalten, denn man sieht es nicht",
  ],
  ["is required", "Fehlt noch"],
  ["is too large a number", "Ist eine zu große Zahl"],
  ["is given more than once", "Steht mehr als einmal da"],
  ["is named twice", "Steht zweimal da"],
  ["'{name}' is used twice", "„{name}“ gibt es zweimal"],
  ["has the wrong form", "Hat die falsche Form"],
  ["has the wrong form; an example: {example}", "Hat die falsche Form; ein Beispiel: {example}"],
  [
    "holds half a character (a lone surrogate)",
    "Enthält ein halbes Zeichen (ein einzelnes Surrogat)",
  ],
  [
    "is nested too deeply or holds a number with too many digits",
    "Ist zu tief verschachtelt oder enthält eine Zahl mit zu vielen Stellen",
  ],
  [
    "is not a field of this call; the fields here are: {fields}",
    "Gibt es hier nicht; es gibt: {fields}",
  ],
  ["must be a day, as in 2026-01-15", "Muss ein Tag sein, wie 2026-01-15"],
  ["is no day that there is", "Diesen Tag gibt es nicht"],
  ["must lie 0 to {days} days behind from", "Muss 0 bis {days} Tage hinter „from“ liegen"],
  [
    "must be a day (2025-10-22) or a moment in UTC (2025-10-22T12:34:56Z)",
    "Muss ein Tag (2025-10-22) oder ein Zeitpunkt in UTC sein (2025-10-22T12:34:56Z)",
  ],
  [
    "must be a time of day from 00:00 to 23:59, such as 01:30",
    "Muss eine Uhrzeit von 00:00 bis 23:59 sein, wie 01:30",
  ],
  ["must be an episode: S01E05", "Muss eine Folge sein: S01E05"],
  [
    "must be an episode (S01E05), a range (S01E01-E12), a season (S01) or missing",
    "Muss eine Folge (S01E05), ein Bereich (S01E01-E12), eine Staffel (S01) oder missing sein",
  ],
  [
    "'{text}' is no episode: write it as S01E05",
    "„{text}“ ist keine Folge; so geht es: S01E05",
  ],
  [
    "'{text}' is no range from a lower to a higher number",
    "„{text}“ reicht nicht von einer kleineren zu einer größeren Nummer",
  ],
  [
    "is not the id of another item that waits",
    "Ist nicht die Kennung eines anderen wartenden Eintrags",
  ],
  ["Invalid anime ID format", "Das ist keine Kennung einer Serie"],
  ["Invalid queue item ID format", "Das ist keine Kennung eines Eintrags"],
  ["Invalid key ID format", "Das ist keine Kennung eines Schlüssels"],
  ["Invalid file ID format", "Das ist keine Kennung einer Datei"],

  // -- folders and names
  ["{folder} is not an absolute path", "{folder} ist kein vollständiger Pfad"],
  ["Write it from the root, as in /srv/anime", "Von der Wurzel an schreiben, wie /srv/anime"],
  ["{folder} belongs to the system", "{folder} gehört dem System"],
  ["Choose a folder of your own", "Einen eigenen Ordner nehmen"],
  [
    "{folder} holds the program or its state, or lies in it",
    "{folder} enthält das Programm oder sein Gedächtnis oder liegt darin",
  ],
  ["Choose a folder apart from them", "Einen Ordner abseits davon nehmen"],
  ["{folder} does not exist", "{folder} gibt es nicht"],
  [
    "Create it, or mount the disk it lies on: {command}",
    "Anlegen, oder die Platte einhängen, auf der er liegt: {command}",
  ],
  ["{folder} is not a directory", "{folder} ist kein Ordner"],
  ["Choose a directory", "Einen Ordner nehmen"],
  ["{folder} cannot be looked at", "{folder} lässt sich nicht ansehen"],
  [
    "Check its name and the rights of the user that runs the server",
    "Den Namen prüfen und die Rechte des Benutzers, unter dem der Server läuft",
  ],
  ["{folder} cannot be written", "In {folder} kann nicht geschrieben werden"],
  [
    "Give the server's user the right to write there: {command}",
    "Dem Benutzer des Servers dort das Schreiben erlauben: {command}",
  ],
  [
    "The two directories are the same or one lies in the other",
    "Die beiden Ordner sind derselbe, oder einer liegt im anderen",
  ],
  ["Choose two that lie side by side", "Zwei nehmen, die nebeneinander liegen"],
  [
    "must be one folder's name, with {title}; {year} and {ids} may be in it",
    "Muss der Name eines Ordners sein, mit {title}; {year} und {ids} dürfen vorkommen",
  ],
  [
    "must be one folder's name, in which {season} may be, or empty for no folder",
    "Muss der Name eines Ordners sein, in dem {season} vorkommen darf; leer für keinen Ordner",
  ],
  [
    "must be a file's name, with {code} or {episode}; {others} and {last} may be in it",
    "Muss der Name einer Datei sein, mit {code} oder {episode}, auch {others} und {last}",
  ],
  ["Its names would be too long", "Die Namen würden zu lang"],
  ["'{path}' would not be read as {code}", "„{path}“ würde nicht als {code} gelesen"],
  [
    "Take {code} into the episode's name, as in '{title} - {code}'",
    "{code} in den Namen der Folge aufnehmen, wie in „{title} - {code}“",
  ],

  // -- hours, proxies, wishes
  ["{hours} overlaps limits[{number}], {others}", "{hours} überschneidet sich mit {others}"],
  [
    "Let each minute of the day lie in one entry at most; `to` itself is not in it",
    "Jede Minute des Tages darf in höchstens einer Zeile liegen, das Ende ausgenommen",
  ],
  [
    "must be an episode (S01E05), a range (S01E01-E12) or a season (S01)",
    "Muss eine Folge (S01E05), ein Bereich (S01E01-E12) oder eine Staffel (S01) sein",
  ],
  [
    "must be 1 to {count} ids of series, with commas between",
    "Müssen 1 bis {count} Kennungen von Serien sein, mit Kommas dazwischen",
  ],
  ["'{network}' is no address or network", "„{network}“ ist keine Adresse und kein Netz"],
  [
    "Write it as 192.168.1.2 or 192.168.1.0/24",
    "So schreiben: 192.168.1.2 oder 192.168.1.0/24",
  ],
  [
    "The smallest picture that is wished is larger than the largest",
    "Das kleinste gewünschte Bild ist größer als das größte",
  ],
  [
    "Raise max_resolution, or lower min_resolution",
    "Das größte Bild heraufsetzen oder das kleinste herab",
  ],
  ["is more than max_resolution", "Ist mehr als das größte Bild"],
  [
    "must be the two letters of a language, such as de, or de-sub for its subtitles",
    "Müssen die zwei Buchstaben einer Sprache sein, wie de, oder de-sub für ihre Untertitel",
  ],

  // -- sources, notifications and media servers
  [
    "must be 1 to 40 of a-z, 0-9 and -, and not 'local'",
    "Darf aus 1 bis 40 Zeichen bestehen, aus a-z, 0-9 und -, und nicht „local“ heißen",
  ],
  [
    "must be an http:// or https:// address without user name, query or fragment",
    "Muss eine Adresse mit http:// oder https:// sein, ohne Benutzer, ohne ? und ohne #",
  ],
  [
    "must be an http:// or https:// address without user name or fragment",
    "Muss eine Adresse mit http:// oder https:// sein, ohne Benutzer und ohne #",
  ],
  [
    "must be the name of a host in lower case, without a port",
    "Muss der Name eines Servers in Kleinbuchstaben sein, ohne Port",
  ],
  [
    "must be the identifier of a collection: letters, digits, _ . and -",
    "Muss die Kennung einer Sammlung sein: Buchstaben, Ziffern, _ . und -",
  ],
  [
    "must be the absolute path of a file, or empty",
    "Muss der vollständige Pfad einer Datei sein, oder leer",
  ],
  [
    "must be typed again: the {field} has changed",
    "Neu eintippen, denn Adresse oder Benutzer sind andere",
  ],
  [
    "must be typed again as a whole: a part of it is not known",
    "Ganz neu eintippen: Ein Teil davon ist nicht bekannt",
  ],
  ["The API key is missing", "Der API-Schlüssel fehlt"],
  ["The key is missing", "Der Schlüssel fehlt"],
  ["The token is missing", "Das Token fehlt"],
  ["The query is missing", "Die Suche fehlt"],
  [
    "Say what MediathekViewWeb is to look for, such as the title of a series",
    "Eintragen, wonach MediathekViewWeb suchen soll, etwa den Titel einer Serie",
  ],
  ["Neither collection nor query is set", "Es fehlen Sammlung und Suche"],
  [
    "Name a collection, such as classic_tv, or give a query",
    "Eine Sammlung nennen, wie classic_tv, oder eine Suche",
  ],
  ["No host is named", "Es ist kein Server genannt"],
  ["No address is named", "Es ist keine Adresse genannt"],
  ["Name the lawful places you use", "Die rechtmäßigen Orte nennen, die benutzt werden"],
  [
    "The address is at a host that is not named",
    "Die Adresse liegt auf einem Server, der nicht genannt ist",
  ],
  ["Add the host of that address to hosts", "Den Server dieser Adresse bei den Servern nennen"],
  [
    "Make a key in the dashboard of Jellyfin, under API keys",
    "Im Dashboard von Jellyfin einen Schlüssel anlegen, unter „API-Schlüssel“",
  ],
  ["Take the X-Plex-Token of your account", "Das X-Plex-Token des eigenen Kontos nehmen"],
  [
    "Make an application in Gotify, under Apps, and take its token",
    "In Gotify unter „Apps“ eine Anwendung anlegen und deren Token nehmen",
  ],
  [
    "The webhook's address has no token at its end",
    "Der Adresse des Webhooks fehlt am Ende das Token",
  ],
  [
    "Copy the whole address of the webhook from the settings of the channel",
    "Die ganze Adresse des Webhooks aus den Einstellungen des Kanals kopieren",
  ],
  ["The address names no topic", "Die Adresse nennt kein Thema"],
  [
    "Put the topic behind the server, as in https://ntfy.sh/my-topic",
    "Das Thema hinter den Server schreiben, wie https://ntfy.sh/my-topic",
  ],
  [
    "It holds a blank, or a character that is in no key and no token",
    "Darin ist ein Leerzeichen, oder ein Zeichen, das in keinem Schlüssel und keinem Token vorkommt",
  ],
  ["Copy it anew", "Noch einmal kopieren"],
  ["{setting} is set by {variable}: change it there", "{setting} ist durch {variable} festgelegt"],
  ["Change or remove {variable}", "{variable} ändern oder entfernen"],

  // -- files of certificate authorities
  ["{file} is no file", "{file} ist keine Datei"],
  ["Name the PEM file itself", "Die PEM-Datei selbst nennen"],
  [
    "Correct the path, or put the authority's certificate there",
    "Den Pfad berichtigen, oder das Zertifikat der Zertifizierungsstelle dort hinlegen",
  ],
  [
    "{file} may not be read by the user who runs the server",
    "{file} darf der Benutzer, unter dem der Server läuft, nicht lesen",
  ],
  ["Let that user read it, such as by: {command}", "Ihm das Lesen erlauben, etwa so: {command}"],
  ["{file} cannot be read", "{file} ist nicht lesbar"],
  [
    "Look after its disk, or name another file",
    "Nach der Platte sehen, oder eine andere Datei nennen",
  ],
  [
    "{file} holds a private key and no certificate",
    "{file} enthält einen privaten Schlüssel und kein Zertifikat",
  ],
  [
    "Name the authority's certificate; its key belongs nowhere but to the authority",
    "Das Zertifikat der Zertifizierungsstelle nennen; ihr Schlüssel gehört niemandem sonst",
  ],
  [
    "{file} holds a certificate in the form DER",
    "{file} enthält ein Zertifikat in der Form DER",
  ],
  ["Convert it: {command}", "So umwandeln: {command}"],
  ["{file} holds no certificates that can be read", "{file} enthält keine lesbaren Zertifikate"],
  [
    "Name a PEM file, in which each certificate begins with -----BEGIN CERTIFICATE-----",
    "Eine PEM-Datei nennen; darin beginnt jedes Zertifikat mit -----BEGIN CERTIFICATE-----",
  ],
];
