// The texts of the log. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  log: ["Protokoll der letzten Stunden", "Log of the last hours"],
  logHint: [
    "Es steht nur im Arbeitsspeicher und beginnt mit jedem Start neu. Wie viel hineinkommt, sagt „Protokoll“ in den Einstellungen unter „Server“.",
    "It is kept in memory alone, and begins anew with each start. “Log” in the settings, under “Server”, decides how much comes into it.",
  ],
  logShow: ["Zeigen", "Show"],
  "logShow.debug": ["Alles", "Everything"],
  "logShow.warning": ["Warnungen und Fehler", "Warnings and errors"],
  "logShow.error": ["Nur Fehler", "Errors alone"],
  "logLevel.debug": ["Einzelheit", "Detail"],
  "logLevel.info": ["Meldung", "Notice"],
  "logLevel.warning": ["Warnung", "Warning"],
  "logLevel.error": ["Fehler", "Error"],
  "logLines.one": ["{n} Zeile, die neueste zuerst", "{n} line, the newest first"],
  "logLines.other": ["{n} Zeilen, die neueste zuerst", "{n} lines, the newest first"],
  noLogLines: ["Nichts davon in den letzten 24 Stunden.", "Nothing of that in the last 24 hours."],
  copyLog: ["Kopieren", "Copy"],
  saveLog: ["Als Datei speichern", "Save as a file"],
  logCopied: ["Das Protokoll ist kopiert.", "The log is copied."],
});
