// The texts of the calendar. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  today: ["Heute, {day}", "Today, {day}"],
  nothingAirs: [
    "In den nächsten vier Wochen läuft nichts.",
    "Nothing airs in the next four weeks.",
  ],
  nothingAirsHint: [
    "Termine kommen von den Quellen, zum Beispiel von einem Jellyfin als Kalender.",
    "Dates come from the sources, such as a Jellyfin that serves as a calendar.",
  ],
  "airing.present": ["Vorhanden", "In the library"],
  "airing.missing": ["Fehlt", "Missing"],
  "airing.wanted": ["Hat keine Quelle", "No source has it"],
  "airing.ignored": ["Zählt nicht", "Ignored"],
  "airing.upcoming": ["Kommt noch", "Upcoming"],
  "airing.special": ["Special", "Special"],
  "airing.ambiguous": ["Mehrdeutig", "Ambiguous"],
  "airing.pending": ["Eingereiht", "Queued"],
  "airing.downloading": ["Lädt", "Downloading"],
  "airing.failed": ["Fehlgeschlagen", "Failed"],
});
