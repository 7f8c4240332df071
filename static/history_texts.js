// The texts of the history. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  olderOnes: ["Ältere zeigen", "Show older ones"],
  "nothing.completed": ["Noch wurde nichts geholt.", "Nothing has been fetched yet."],
  "nothing.failed": ["Nichts ist fehlgeschlagen.", "Nothing has failed."],
  nothingSo: ["Nichts gefunden.", "Nothing found."],
  searchHistory: ["Im Verlauf suchen", "Search the history"],
  "ended.completed": ["Geholt", "Fetched"],
  "ended.failed": ["Fehlgeschlagen", "Failed"],
  asTable: ["Als Tabelle (CSV)", "As a table (CSV)"],
});
