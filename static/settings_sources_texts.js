// The texts of the sources. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  sourceList: ["Woher Folgen kommen", "Where episodes come from"],
  sourceListHint: [
    "Die oberste Quelle wird bevorzugt. Gibt sie eine Folge nicht her, kommt die nächste dran.",
    "The first source is preferred. Where it does not give an episode, the next one is asked.",
  ],
  addSource: ["Quelle hinzufügen", "Add a source"],
  "sourceKind.directory": ["Ordner eines Webservers", "Folder of a web server"],
  "sourceKind.directory.hint": [
    "Ein Ordner mit einem Ordner je Serie, den nginx, Apache, rclone oder ein NAS auflistet.",
    "A folder with one folder for each series, listed by nginx, Apache, rclone or a NAS.",
  ],
  "sourceKind.webdav": ["WebDAV, Nextcloud", "WebDAV, Nextcloud"],
  "sourceKind.webdav.hint": [
    "Auch ein Link, mit dem eine Nextcloud einen Ordner teilt.",
    "Also a link by which a Nextcloud shares a folder.",
  ],
  "sourceKind.jellyfin": ["Jellyfin, Emby", "Jellyfin, Emby"],
  "sourceKind.jellyfin.hint": [
    "Den Schlüssel macht die Übersicht von Jellyfin, unter API-Schlüssel.",
    "The key is made in the dashboard of Jellyfin, under API keys.",
  ],
  "sourceKind.aniworld": ["Andere Instanz von Aniworld", "Another instance of Aniworld"],
  "sourceKind.aniworld.hint": [
    "Wer dort teilt, macht einen Schlüssel mit der Berechtigung „Geteiltes lesen“.",
    "Its owner makes a key for you that may “read what is shared”.",
  ],
  "sourceKind.feed": ["Feed: Podcast, PeerTube, Mediathek", "Feed: podcast, PeerTube, Mediathek"],
  "sourceKind.feed.hint": [
    "Die Adresse eines Feeds mit Videos, oder /api/query von MediathekViewWeb.",
    "The address of a feed with videos, or /api/query of MediathekViewWeb.",
  ],
  "sourceKind.archive": ["Internet Archive", "Internet Archive"],
  "sourceKind.archive.hint": [
    "Eine Sammlung, eine Suche, oder beides zusammen.",
    "A collection, a query, or both together.",
  ],
  "sourceKind.demo": ["Vorführung", "Demo"],
  "sourceKind.ytdlp": ["Seiten, die yt-dlp liest", "Sites that yt-dlp reads"],
  "sourceKind.ytdlp.hint": [
    "Nur für Seiten, von denen du laden darfst. Der Server braucht dafür das Paket yt-dlp.",
    "For sites alone that you may download from. The server needs the package yt-dlp for them.",
  ],
  "field.urls": ["Adressen", "Addresses"],
  "hint.urls": ["Eine je Zeile; jede wird eine Serie.", "One on each line; each becomes a series."],
  "field.hosts": ["Erlaubte Server", "Hosts that may be asked"],
  "hint.hosts": [
    "Nur diese werden je gefragt, durch Komma getrennt.",
    "No others are ever asked; with commas between them.",
  ],
  sourceRemoval: [
    "Was von dort geholt wurde, bleibt. Eingereihtes von dort wartet dann vergeblich.",
    "What was fetched from there stays. What is queued from there then waits in vain.",
  ],
  "field.sourceName": ["Name", "Name"],
  "hint.sourceName": [
    "Kleine Buchstaben, Ziffern und Striche. Leer: wie der Server heißt.",
    "Small letters, digits and dashes. Empty: as the server is called.",
  ],
  "field.username": ["Benutzer", "User"],
  "field.password": ["Passwort", "Password"],
  "field.use": ["Nutzen als", "Use as"],
  "hint.use": [
    "Ein Kalender sagt nur, welche Folgen es gibt und wann sie erscheinen.",
    "A calendar only says which episodes exist and when they air.",
  ],
  "use.files": ["Quelle von Dateien", "Source of files"],
  "use.calendar": ["Kalender", "Calendar"],
  "field.title": ["Titel der Serie", "Title of the series"],
  "hint.title": ["Leer: wie der Feed sich nennt.", "Empty: as the feed calls itself."],
  "field.query": ["Suche", "Query"],
  "hint.query": ["Nur für MediathekViewWeb.", "For MediathekViewWeb alone."],
  "field.archiveQuery": ["Suche", "Query"],
  "field.collection": ["Sammlung", "Collection"],
  "field.enabled": ["Eingeschaltet", "Switched on"],
  "hint.enabled": [
    "Eine ausgeschaltete Quelle wird nichts gefragt; Eingereihtes von dort wartet.",
    "A source that is off is asked nothing; what is queued from there waits.",
  ],
  "sourceState.ok": ["Antwortet", "Answers"],
  "sourceState.resting": ["Ruht", "Rests"],
  "sourceState.off": ["Aus", "Off"],
  "sourceState.silent": ["Antwortet nicht", "Does not answer"],
  "sourceState.unknown": ["Noch nicht gefragt", "Not asked yet"],
  restsBecause: ["Nächster Versuch {time}: {reason}", "Next try {time}: {reason}"],
});
