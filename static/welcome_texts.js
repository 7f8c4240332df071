// The texts of the first run. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  welcome: ["Willkommen", "Welcome"],
  welcomeHint: [
    "Das Passwort ist gesetzt. Jetzt noch, wo deine Serien liegen und woher neue Folgen kommen.",
    "The password is set. Now where your series lie, and where new episodes come from.",
  ],
  steps: ["Schritte", "Steps"],
  "setUp.password": ["Passwort", "Password"],
  "setUp.folders": ["Ordner", "Folders"],
  "setUp.sources": ["Quellen", "Sources"],
  stepDone: [", erledigt", ", done"],
  stepFolders: ["Die Ordner", "The folders"],
  stepScan: ["Alles einlesen", "Read everything"],
  readyHint: [
    "Der Server liest die Bibliothek und fragt die Quellen. Geholt wird dabei nichts.",
    "The server reads the library and asks the sources. Nothing is fetched by that.",
  ],
  noneHint: [
    "Ohne Quelle zeigt die Bibliothek nur, was schon da ist.",
    "Without a source the library shows only what is there already.",
  ],
  firstScan: ["Einlesen und zur Bibliothek", "Read it and show the library"],
});
