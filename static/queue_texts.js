// The texts of the queue's view. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  queueEmpty: ["Nichts zu laden.", "Nothing to download."],
  retryAll: ["Alle erneut versuchen", "Retry all"],
  sourceRests: [
    "{name} ruht bis {time}, dann der nächste Versuch ({reason}).",
    "{name} rests, next try {time} ({reason}).",
  ],
  clear: ["Leeren", "Clear"],
  clearFailed: ["Leeren: Fehlgeschlagene aus der Liste nehmen", "Clear failed from the list"],
  clearCompleted: ["Leeren: Fertige aus der Liste nehmen", "Clear completed from the list"],
  starting: ["Beginnt …", "Starting …"],
  high: ["Hoch", "High"],
  normal: ["Normal", "Normal"],
  low: ["Niedrig", "Low"],
  priorityOf: ["Priorität von {name}", "Priority of {name}"],
  removeItem: ["{name} entfernen", "Remove {name}"],
  retryItem: ["{name} erneut versuchen", "Retry {name}"],
  failed: ["Fehlgeschlagen", "Failed"],
  completed: ["Fertig", "Completed"],
  toDownload: ["Zu laden", "To download"],
  showItemsOf: ["Folgen zeigen: {title}", "Show the episodes of {title}"],
  "showMore.one": ["Noch {n} zeigen", "Show {n} more"],
  "showMore.other": ["Noch {n} zeigen", "Show {n} more"],
});
