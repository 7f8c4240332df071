// The texts of the library's view. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  getEverythingCount: ["Alles Fehlende holen ({n})", "Get everything missing ({n})"],
  filter: ["Bibliothek filtern", "Filter the library"],
  "filter.all": ["Alle", "All"],
  "filter.missing": ["Mit Lücken", "Missing"],
  "filter.following": ["Verfolgt", "Following"],
  "filter.complete": ["Vollständig", "Complete"],
  sort: ["Sortierung", "Sort by"],
  "sort.missing": ["Lücken zuerst", "Missing first"],
  "sort.name": ["Titel", "Title"],
  "sort.changed": ["Zuletzt geändert", "Last changed"],
  "openCount.one": ["{n} eingereiht", "{n} queued"],
  "openCount.other": ["{n} eingereiht", "{n} queued"],
  "layout.tiles": ["Poster", "Posters"],
  "layout.rows": ["Zeilen", "Rows"],
  "empty.missing": ["Es fehlt nichts.", "Nothing is missing."],
  "empty.following": ["Noch wird keine Serie verfolgt.", "No series is followed yet."],
  "empty.complete": ["Noch ist keine Serie vollständig.", "No series is complete yet."],
  "empty.all": ["Noch keine Serie.", "No series yet."],
  noSeries: ["Noch keine Serie", "No series yet"],
  setUpNow: ["Einrichten", "Set up now"],
  noSourceYet: [
    "Ohne Quelle weiß niemand, welche Folgen es gibt.",
    "Without a source nobody knows which episodes there are.",
  ],
  noSeriesYet: [
    "Die Bibliothek neu einlesen, oder in den Quellen nach einer Serie suchen.",
    "Rescan the library, or search the sources for a series.",
  ],
  libraryIsRead: ["Die Bibliothek wird gerade gelesen.", "The library is being read."],
  noMatch: ["Keine Serie heißt so: „{text}“", "No series is called “{text}”"],
  searchSources: ["In den Quellen suchen", "Search the sources"],
});
