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
  removed: ["{name} ist aus der Warteschlange genommen.", "{name} is out of the queue."],
  removedWithBytes: [
    "{name} ist aus der Warteschlange genommen; was davon geladen war, ist gelöscht.",
    "{name} is out of the queue; what was loaded of it is deleted.",
  ],
  completedRemoved: [
    "{name} ist aus der Liste genommen. Die Datei bleibt, und der Verlauf nennt sie.",
    "{name} is off the list. The file stays, and the history has it.",
  ],
  "clearedCompleted.one": [
    "{n} fertige Folge ist aus der Liste genommen. Die Datei bleibt, und der Verlauf nennt sie.",
    "{n} completed episode is off the list. The file stays, and the history has it.",
  ],
  "clearedCompleted.other": [
    "{n} fertige Folgen sind aus der Liste genommen. Die Dateien bleiben, und der Verlauf nennt sie.",
    "{n} completed episodes are off the list. The files stay, and the history has them.",
  ],
  "clearedFailed.one": [
    "{n} fehlgeschlagene Folge ist aus der Liste genommen; was davon geladen war, ist gelöscht.",
    "{n} failed episode is off the list; what was loaded of it is deleted.",
  ],
  "clearedFailed.other": [
    "{n} fehlgeschlagene Folgen sind aus der Liste genommen; was davon geladen war, ist gelöscht.",
    "{n} failed episodes are off the list; what was loaded of them is deleted.",
  ],
  queueAgain: ["Wieder einreihen", "Queue again"],
  "queuedAgain.one": ["{n} Folge wieder eingereiht.", "{n} episode queued again."],
  "queuedAgain.other": ["{n} Folgen wieder eingereiht.", "{n} episodes queued again."],
  toHistory: ["Zum Verlauf", "To the history"],
  "arranged.one": ["{n} Folge umgereiht.", "{n} episode moved."],
  "arranged.other": ["{n} Folgen umgereiht.", "{n} episodes moved."],
  toDownload: ["Zu laden", "To download"],
  showItemsOf: ["Folgen zeigen: {title}", "Show the episodes of {title}"],
  "showMore.one": ["Noch {n} zeigen", "Show {n} more"],
  "showMore.other": ["Noch {n} zeigen", "Show {n} more"],
});
