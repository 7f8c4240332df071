// The texts of the system's view. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  version: ["Version", "Version"],
  uptime: ["Läuft seit", "Running for"],
  database: ["Antwort der Datenbank", "Answer of the database"],
  freeOnDisk: ["Frei auf der Platte", "Free on the disk"],
  checks: ["Was der Server hier ausprobiert hat", "What the server has tried here"],
  trying: ["Wird ausprobiert …", "Trying …"],
  "area.anime_directory": ["Bibliothek", "Library"],
  "area.download_directory": ["Unfertiges", "Unfinished downloads"],
  "area.state": ["Gedächtnis des Servers", "Memory of the server"],
  "area.server": ["Server", "Server"],
  "area.clock": ["Uhr", "Clock"],
  "area.descriptors": ["Offene Dateien", "Open files"],
  "area.proxy": ["Weg zum Server", "Way to the server"],
  "area.sources": ["Quellen", "Sources"],
  areaOfSource: ["Quelle {name}", "Source {name}"],
  "check.ok": ["Gut", "Fine"],
  "check.note": ["Hinweis", "Note"],
  "check.warning": ["Warnung", "Warning"],
  "check.problem": ["Problem", "Problem"],
  sources: ["Quellen", "Sources"],
});
