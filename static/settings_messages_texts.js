// The texts of notifications and media servers. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  notify: ["Wer erfährt, was geschehen ist", "Who is told what has happened"],
  notifyHint: [
    "Höchstens eine Nachricht in der Minute; was zusammengehört, kommt zusammen.",
    "At most one message a minute; what belongs together comes together.",
  ],
  addNotify: ["Empfänger hinzufügen", "Add a receiver"],
  "notifyKind.ntfy": ["ntfy", "ntfy"],
  "notifyKind.ntfy.hint": [
    "Die Adresse eines Themas, mit Zugriffstoken oder user:passwort, wenn der Server es verlangt.",
    "The address of a topic, with an access token or user:password where the server wants one.",
  ],
  "notifyKind.gotify": ["Gotify", "Gotify"],
  "notifyKind.gotify.hint": [
    "Die Adresse des Servers und das Token einer Anwendung.",
    "The server's address and the token of an application.",
  ],
  "notifyKind.discord": ["Discord", "Discord"],
  "notifyKind.discord.hint": [
    "Die ganze Adresse des Webhooks, aus den Einstellungen des Kanals.",
    "The whole address of the webhook, from the settings of the channel.",
  ],
  "notifyKind.webhook": ["Webhook", "Webhook"],
  "notifyKind.webhook.hint": [
    "Jede Adresse, die JSON annimmt. Das Token geht als Authorization: Bearer mit.",
    "Any address that takes JSON. The token goes along as Authorization: Bearer.",
  ],
  notifyRemoval: ["Dorthin gehen dann keine Nachrichten mehr.", "No more messages go there then."],
  "field.token": ["Token", "Token"],
  "field.events": ["Wovon", "Of what"],
  "notifyEvent.completed": ["Fertige Folgen", "Episodes that are done"],
  "notifyEvent.failed": ["Fehlgeschlagene Folgen", "Episodes that failed"],
  "notifyEvent.source_away": ["Quelle seit Stunden weg", "A source away for hours"],
  "notifyEvent.disk": ["Platte fast voll oder voll", "A disk nearly full or full"],
  "notifyEvent.library_offline": ["Bibliothek nicht erreichbar", "The library out of reach"],
  "notifyEvent.ambiguous": ["Mehrdeutige Dateien", "Ambiguous files"],
  "notifyEvent.new_episode": ["Neue Folgen", "New episodes"],
  "field.quiet_hours": ["Ruhezeit", "Quiet hours"],
  "hint.quiet_hours": [
    "Nachrichten dieser Stunden kommen danach, in einer.",
    "Messages of these hours come afterwards, as one.",
  ],
  mediaServers: ["Medienserver, die Neues einlesen", "Media servers that read what is new"],
  mediaServersHint: [
    "Sie erfahren den Ordner jeder neuen Datei.",
    "They are told the folder of each new file.",
  ],
  addMediaServer: ["Medienserver hinzufügen", "Add a media server"],
  "mediaKind.jellyfin": ["Jellyfin, Emby", "Jellyfin, Emby"],
  "mediaKind.jellyfin.hint": [
    "Den Schlüssel macht die Übersicht von Jellyfin, unter API-Schlüssel.",
    "The key is made in the dashboard of Jellyfin, under API keys.",
  ],
  "mediaKind.plex": ["Plex", "Plex"],
  "mediaKind.plex.hint": [
    "Der Schlüssel ist das X-Plex-Token deines Kontos.",
    "The key is the X-Plex-Token of your account.",
  ],
  mediaRemoval: ["Er wird dann nicht mehr verständigt.", "It is told no more then."],
  "field.path_map.from": ["Ein Ordner, wie er hier heißt", "A folder as it is called here"],
  "hint.path_map.from": [
    "Nur nötig, wo der Medienserver die Bibliothek unter einem anderen Pfad sieht.",
    "Only needed where the media server sees the library under another path.",
  ],
  "field.path_map.to": ["Wie er dort heißt", "As it is called there"],
});
