// The texts of the system's view. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  version: ["Version", "Version"],
  uptime: ["Läuft seit", "Running for"],
  database: ["Antwort der Datenbank", "Answer of the database"],
  freeOnDisk: ["Frei auf der Platte", "Free on the disk"],
  sources: ["Quellen", "Sources"],
  "sourceState.ok": ["Antwortet", "Answers"],
  "sourceState.resting": ["Ruht", "Rests"],
  "sourceState.off": ["Aus", "Off"],
  "sourceState.unknown": ["Noch nicht gefragt", "Not asked yet"],
  restsBecause: ["Nächster Versuch {time}: {reason}", "Next try {time}: {reason}"],
});
