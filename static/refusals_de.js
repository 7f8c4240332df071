// Why the server refused a call: its sentences in German. A {place} holds what the server has put
// there.

export const SENTENCES = [
  // -- what is not there, or is so already
  ["Anime not found", "Diese Serie gibt es nicht"],
  ["Episode not found", "Diese Folge gibt es nicht"],
  ["Queue item not found", "Dieser Eintrag ist nicht mehr in der Warteschlange"],
  ["Backup not found", "Diese Sicherung gibt es nicht"],
  ["Key not found", "Diesen Schlüssel gibt es nicht"],
  ["Source not found", "Diese Quelle gibt es nicht"],
  ["File not found", "Diese Datei gibt es nicht"],
  ["{title} has no {episode}", "{title} hat kein {episode}"],
  ["No source has {episode} of {title}", "Keine Quelle hat {episode} von {title}"],
  [
    "Everything asked for is queued or in the library already",
    "Alles davon ist schon eingereiht oder in der Bibliothek",
  ],
  [
    "No source has the episodes that are missing",
    "Keine Quelle hat die Folgen, die fehlen",
  ],
  [
    "Only a failed item can be retried; this one is {status}",
    "Nur Fehlgeschlagenes lässt sich noch einmal versuchen, und das ist es nicht ({status})",
  ],
  [
    "{file} holds further episodes and is not replaced",
    "{file} enthält noch andere Folgen und wird nicht ersetzt",
  ],
  ["The queue is stopped: start it first", "Die Warteschlange steht: erst starten"],
  [
    "There are {count} keys already: delete one that is not used",
    "Es gibt schon {count} Schlüssel: einen löschen, der nicht gebraucht wird",
  ],

  ["It is no plain file", "Es ist keine gewöhnliche Datei"],
  [
    "It is no plain file, and is not replaced",
    "Es ist keine gewöhnliche Datei und wird nicht ersetzt",
  ],
  ["It is a link", "Es ist ein Link"],
  ["It is no name of the library", "So heißt in der Bibliothek nichts"],

  ["The source does not send its poster now", "Die Quelle schickt ihr Bild gerade nicht"],

  // -- series and their folders
  ["a series has one folder at least", "Eine Serie hat mindestens einen Ordner"],
  ["the library has no folder {folder}", "Die Bibliothek hat keinen Ordner {folder}"],
  ["{folder} is another series'", "{folder} gehört einer anderen Serie"],
  ["each source has the series once", "Jede Quelle hat die Serie nur einmal"],
  [
    "{title} is that series already; forget it first",
    "{title} ist schon diese Serie; erst sie vergessen",
  ],
  [
    "A renaming that was cut short cannot be finished: {file}: {reason}",
    "Ein abgebrochenes Umbenennen lässt sich nicht beenden: {file}: {reason}",
  ],
  [
    "No renaming of this series is left to be undone",
    "Bei dieser Serie ist kein Umbenennen mehr rückgängig zu machen",
  ],
  [
    "The disk on which {folder} lies is not mounted; mount it, then retry this item",
    "Die Platte von {folder} ist nicht eingehängt; einhängen, dann noch einmal versuchen",
  ],
  [
    "The library is offline: its files and its marker are not there. Nothing was changed",
    "Die Bibliothek ist weg: Ihre Dateien und ihre Marke sind nicht da. Nichts wurde geändert",
  ],
  [
    "Mount the disk; if the library was emptied on purpose, set anime_directory again",
    "Die Platte einhängen; ist die Bibliothek mit Absicht leer, ihren Ordner neu speichern",
  ],
  ["The library cannot be read: {reason}", "Die Bibliothek ist nicht lesbar: {reason}"],
  [
    "Mount the disk, or set anime_directory to where the library is",
    "Die Platte einhängen, oder in den Einstellungen den Ordner der Bibliothek berichtigen",
  ],
  [
    "The rescan failed; the log tells why",
    "Neu einlesen ist fehlgeschlagen; das Protokoll sagt, warum",
  ],
  [
    "The download failed for a reason that only the log tells",
    "Der Download ist fehlgeschlagen; nur das Protokoll sagt, warum",
  ],

  // -- sources
  ["No source is configured", "Es ist keine Quelle eingerichtet"],
  ["Every source is switched off", "Jede Quelle ist ausgeschaltet"],
  ["No source named '{name}' is configured", "Es ist keine Quelle „{name}“ eingerichtet"],
  [
    "Add one to providers in the configuration",
    "In den Einstellungen unter „Quellen“ eine hinzufügen",
  ],
  [
    "Add it to providers in the configuration",
    "In den Einstellungen unter „Quellen“ hinzufügen",
  ],
  [
    "Set enabled of one to true in the settings",
    "In den Einstellungen unter „Quellen“ eine einschalten",
  ],

  // -- the configuration and the state
  ["Configuration is valid", "Die Einstellungen sind in Ordnung"],
  ["The backup cannot be used: {reason}", "Die Sicherung ist nicht zu gebrauchen: {reason}"],
  [
    "The state directory cannot be used: {reason}",
    "Das Gedächtnis des Servers ist nicht zu gebrauchen: {reason}",
  ],
  [
    "{file} is damaged. Put a copy of it back, or remove it to set a new password",
    "{file} ist beschädigt. Eine Kopie zurücklegen, oder für ein neues Passwort entfernen",
  ],
  ["The stored password is damaged", "Das gespeicherte Passwort ist beschädigt"],
  ["Put back a copy of secrets.json", "Eine Kopie von secrets.json zurücklegen"],
  ["{file} cannot be read: {reason}", "{file} ist nicht lesbar: {reason}"],
  [
    "The database failed; the log tells why",
    "Die Datenbank hat versagt; das Protokoll sagt, warum",
  ],
  [
    "Something went wrong; the log tells what",
    "Etwas ist schiefgegangen; das Protokoll sagt, was",
  ],
  ["Request validation failed", "Die Anfrage hat nicht die richtige Form"],
  ["The body is not JSON in UTF-8: {reason}", "Die Anfrage ist kein JSON in UTF-8: {reason}"],
  [
    "Send the body unpacked, without Content-Encoding",
    "Die Anfrage unverpackt schicken, ohne Content-Encoding",
  ],
  [
    "Send the body as Content-Type: application/json",
    "Die Anfrage als Content-Type: application/json schicken",
  ],
  [
    "The body did not come within {seconds} seconds",
    "Die Anfrage kam in {seconds} Sekunden nicht an",
  ],
  ["The body broke off", "Die Anfrage ist abgebrochen"],

  // -- who may do what, and how often
  ["Invalid password", "Das Passwort stimmt nicht"],
  ["Master password already configured", "Ein Passwort ist schon gesetzt"],
  [
    "A valid token is required: log in and send it as Authorization: Bearer",
    "Dafür ist eine Anmeldung nötig",
  ],
  [
    "No password is set yet: call POST /api/auth/setup first",
    "Noch ist kein Passwort gesetzt",
  ],
  [
    "The setup code is missing: the server printed it when it started",
    "Der Einrichtungscode fehlt: Der Server hat ihn beim Start ausgegeben",
  ],
  ["The setup code is wrong", "Der Einrichtungscode stimmt nicht"],
  [
    "Only a key of scope 'read' may stand in an address",
    "In einer Adresse darf nur ein Schlüssel zum Lesen stehen",
  ],
  [
    "A key cannot do this: log in with the password",
    "Das kann ein Schlüssel nicht: mit dem Passwort anmelden",
  ],
  [
    "A key of scope '{scope}' cannot do this: it needs scope '{wanted}'",
    "Das kann ein Schlüssel „{scope}“ nicht: Es braucht einen „{wanted}“",
  ],
  ["The owner of this server shares nothing", "Der Besitzer dieses Servers teilt nichts"],
  ["Rate limit exceeded", "Zu viele Anfragen in kurzer Zeit"],
  ["Too many failed attempts", "Zu viele Fehlversuche"],
  ["Too many logins a minute", "Zu viele Anmeldungen in einer Minute"],
  ["Too many logins at once", "Zu viele Anmeldungen zugleich"],
  ["Too many calls wait for events", "Zu viele Anfragen warten auf Nachrichten"],
  ["Too many sockets are open", "Zu viele Verbindungen für Neuigkeiten sind offen"],
];
