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
  select: ["{name} auswählen", "Select {name}"],
  selection: ["Auswahl", "Selection"],
  priority: ["Priorität", "Priority"],
  first: ["Nach vorn", "To the top"],
  last: ["Ans Ende", "To the end"],
  toTheTop: ["Nach vorn: {title}", "To the top: {title}"],
  removeGroup: ["{title} aus der Warteschlange nehmen", "Take {title} out of the queue"],
  removeThem: ["Herausnehmen", "Remove"],
  "removeQuestion.one": ["{n} Folge herausnehmen?", "Remove {n} episode?"],
  "removeQuestion.other": ["{n} Folgen herausnehmen?", "Remove {n} episodes?"],
  removeHint: [
    "Was davon schon geladen ist, geht verloren. Fertige Dateien bleiben.",
    "What was loaded of them so far is lost. Finished files stay.",
  ],
  "arranged.one": ["{n} Folge umgereiht.", "{n} episode moved."],
  "arranged.other": ["{n} Folgen umgereiht.", "{n} episodes moved."],
  toDownload: ["Zu laden", "To download"],
  showItemsOf: ["Folgen zeigen: {title}", "Show the episodes of {title}"],
  "showMore.one": ["Noch {n} zeigen", "Show {n} more"],
  "showMore.other": ["Noch {n} zeigen", "Show {n} more"],
});
