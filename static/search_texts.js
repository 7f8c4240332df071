// The texts of the search in the sources. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  searchTitle: ["Suche", "Search"],
  searchResults: ["Suchergebnisse", "Search results"],
  searchHint: [
    "Oben einen Titel eingeben: gesucht wird in allen Quellen.",
    "Type a title above: all sources are searched.",
  ],
  searching: ["Sucht …", "Searching …"],
  "found.one": ["{n} Serie gefunden", "{n} series found"],
  "found.other": ["{n} Serien gefunden", "{n} series found"],
  "foundFirst.one": ["die ersten {n} Serien; genauer suchen", "the first {n} series; refine"],
  "foundFirst.other": [
    "Die ersten {n} Serien; ein genauerer Titel zeigt weniger.",
    "The first {n} series; a more exact title shows fewer.",
  ],
  nothingFound: ["Nichts gefunden.", "Nothing found."],
  inLibrary: ["In der Bibliothek", "In the library"],
});
