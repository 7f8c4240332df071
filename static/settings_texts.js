// The texts of all settings. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  allSettings: ["Alle Einstellungen", "All settings"],
  "settings.sources": ["Quellen", "Sources"],
  "settings.folders": ["Ordner und Namen", "Folders and names"],
  "settings.downloads": ["Downloads", "Downloads"],
  "settings.follow": ["Automatik", "Automatic"],
  "settings.messages": ["Benachrichtigungen", "Notifications"],
  "settings.share": ["Teilen", "Sharing"],
  "settings.backups": ["Sicherungen", "Backups"],
  "settings.server": ["Server", "Server"],
  "settings.page": ["Diese Seite", "This page"],
  "settings.account": ["Konto", "Account"],
});
