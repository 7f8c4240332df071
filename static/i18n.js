// The texts of the page in German and English.

import { formatNumber, LANGUAGES, language } from "./formats.js";

const TEXTS = {
  // key: [German, English]; a key that ends in .one or .other is for tn()
  skip: ["Zum Inhalt", "Skip to content"],
  nav: ["Bereiche", "Views"],
  queue: ["Warteschlange", "Queue"],
  queueInNav: ["Warte\u00adschlange", "Queue"],
  docs: ["API-Dokumentation", "API documentation"],
  close: ["Schließen", "Close"],
  details: ["Details", "Details"],
  refresh: ["Neu laden", "Refresh"],
  password: ["Passwort", "Password"],
  show: ["Zeigen", "Show"],
  showPassword: ["Passwort zeigen", "Show password"],
  setupCode: ["Einrichtungscode", "Setup code"],
  setupCodeHint: [
    "Der Server hat ihn beim Start ausgegeben; er steht auch in der Datei setup-code neben seinen Daten.",
    "The server printed it when it started; it is also in the file setup-code beside its data.",
  ],
  passwordWrong: ["Das Passwort stimmt nicht.", "The password is wrong."],
  passwordLength: [
    "Das Passwort muss 8 bis 1.024 Zeichen lang sein.",
    "The password has to be 8 to 1,024 characters long.",
  ],
  search: ["Serien in den Quellen suchen", "Search the sources for series"],
  "seriesCount.one": ["{n} Serie", "{n} series"],
  "seriesCount.other": ["{n} Serien", "{n} series"],
  "missingCount.one": ["{n} fehlt", "{n} missing"],
  "missingCount.other": ["{n} fehlen", "{n} missing"],
  tabTitle: ["{count}{title} – Aniworld", "{count}{title} – Aniworld"],
  unsure: ["Mehrdeutig", "Ambiguous"],
  complete: ["Vollständig", "Complete"],
  haveOfTotal: ["{have} von {total} Folgen", "{have} of {total} episodes"],
  "queuedCount.one": ["{n} in der Warteschlange", "{n} in the queue"],
  "queuedCount.other": ["{n} in der Warteschlange", "{n} in the queue"],
  get: ["Holen", "Get"],
  getMissing: ["Fehlende holen", "Get missing"],
  getMissingOf: ["Fehlende holen: Folgen von {title}", "Get missing episodes of {title}"],
  "changedLists.one": [
    "Die Quelle von {n} Serie listet weniger oder anders als zuvor; Bekanntes bleibt vorerst.",
    "The source of {n} series lists less or otherwise than before; what was known stays for now.",
  ],
  "changedLists.other": [
    "Die Quellen von {n} Serien listen weniger oder anders als zuvor; Bekanntes bleibt vorerst.",
    "The sources of {n} series list less or otherwise than before; what was known stays for now.",
  ],
  undo: ["Rückgängig", "Undo"],
  rescan: ["Neu einlesen", "Rescan"],
  "step.library": ["Liest die Bibliothek …", "Reading the library …"],
  "step.sources": ["Fragt die Quellen …", "Asking the sources …"],
  "step.names": ["Liest die Namen …", "Reading the names …"],
  "step.episodes": ["Vergleicht die Folgen …", "Comparing the episodes …"],
  doneOfTotal: ["{done} von {total}", "{done} of {total}"],
  rescanned: [
    "Bibliothek eingelesen: {series}, {episodes} neu.",
    "Library scanned: {series}, {episodes} new.",
  ],
  "unreadFolders.one": [
    "{n} Ordner war nicht lesbar; was darüber bekannt ist, bleibt.",
    "{n} folder could not be read; what is known of it stays.",
  ],
  "unreadFolders.other": [
    "{n} Ordner waren nicht lesbar; was darüber bekannt ist, bleibt.",
    "{n} folders could not be read; what is known of them stays.",
  ],
  unavailable: [
    "Nicht jede Serie war zu erfragen, denn eine Quelle antwortet nicht richtig: {sources}",
    "Not every series could be asked for, because a source does not answer well: {sources}",
  ],
  rescanFailed: ["Die Bibliothek ließ sich nicht einlesen.", "The library could not be scanned."],
  "episodeCount.one": ["{n} Folge", "{n} episode"],
  "episodeCount.other": ["{n} Folgen", "{n} episodes"],
  "queued.one": ["{n} Folge eingereiht: {title}", "{n} episode queued: {title}"],
  "queued.other": ["{n} Folgen eingereiht: {title}", "{n} episodes queued: {title}"],
  nothingQueued: [
    "{title}: Alles ist schon da oder eingereiht.",
    "{title}: everything is there or queued already.",
  ],
  everythingQueued: [
    "Alles ist schon da oder eingereiht.",
    "Everything is there or queued already.",
  ],
  "getEverything.one": ["{n} Folge holen, von {series}?", "Get {n} episode of {series}?"],
  "getEverything.other": ["{n} Folgen holen, von {series}?", "Get {n} episodes of {series}?"],
  sizeInAll: ["Das sind {size}.", "That is {size}."],
  sizeAtLeast: [
    "Das sind mindestens {size}; nicht von jeder Folge ist die Größe bekannt.",
    "That is {size} at least; not every size is known.",
  ],
  freeNow: ["Frei sind {size}.", "{size} are free."],
  tooLarge: ["Das passt nicht alles auf die Platte.", "Not all of it fits on the disk."],
  "queuedAll.one": ["{n} Folge eingereiht.", "{n} episode queued."],
  "queuedAll.other": ["{n} Folgen eingereiht.", "{n} episodes queued."],
  "takenBack.one": ["{n} Folge aus der Warteschlange genommen.", "{n} episode taken back."],
  "takenBack.other": ["{n} Folgen aus der Warteschlange genommen.", "{n} episodes taken back."],
  "selected.one": ["{n} ausgewählt", "{n} selected"],
  "selected.other": ["{n} ausgewählt", "{n} selected"],
  clearSelection: ["Auswahl aufheben", "Clear the selection"],
  "foundNew.one": ["{title}: {n} neue Folge, eingereiht.", "{title}: {n} new episode, queued."],
  "foundNew.other": ["{title}: {n} neue Folgen, eingereiht.", "{title}: {n} new episodes, queued."],
  startNow: ["Jetzt starten", "Start now"],
  "status.pending": ["Eingereiht", "Queued"],
  "status.downloading": ["Lädt", "Downloading"],
  "status.failed": ["Fehlgeschlagen", "Failed"],
  "queueState.running": ["Läuft", "Running"],
  "queueState.paused": ["Pausiert", "Paused"],
  "queueState.stopped": ["Gestoppt", "Stopped"],
  start: ["Starten", "Start"],
  pause: ["Pause", "Pause"],
  resume: ["Fortsetzen", "Resume"],
  stop: ["Stopp", "Stop"],
  timeLeft: ["noch {time}", "{time} left"],
  progressOf: ["Fortschritt von {name}", "Progress of {name}"],
  downloadStarted: ["{name}: Download begonnen", "{name}: download started"],
  downloadCompleted: ["{name}: fertig", "{name}: completed"],
  downloadFailed: ["{name}: fehlgeschlagen", "{name}: failed"],
  offline: [
    "Keine Verbindung seit {time}. Was unten steht, kann überholt sein.",
    "No connection since {time}. What is shown may be out of date.",
  ],
  actionFailed: ["„{action}“ ging nicht. {text}", "“{action}” did not work. {text}"],
  "error.NETWORK": [
    "Der Server ist nicht erreichbar. Läuft er, und steht die Verbindung zu ihm?",
    "The server cannot be reached. Does it run, and is there a connection to it?",
  ],
  "error.PAGE": [
    "Auf dieser Seite ging etwas schief. Vielleicht hilft es, sie neu zu laden.",
    "Something went wrong on this page. Loading it again may help.",
  ],
  "error.BAD_REQUEST": ["Das geht so nicht.", "That does not work."],
  "error.AUTHORIZATION_ERROR": ["Das ist nicht erlaubt.", "That is not allowed."],
  "error.AUTHENTICATION_ERROR": ["Bitte anmelden.", "Please log in."],
  "error.NOT_FOUND": ["Das gibt es nicht (mehr).", "That does not exist (any more)."],
  "error.CONFLICT": ["Das passt nicht zum jetzigen Stand.", "That does not fit the present state."],
  "error.VALIDATION_ERROR": ["Die Eingabe ist ungültig.", "The input is not valid."],
  "error.RATE_LIMIT_EXCEEDED": [
    "Zu viele Anfragen. In {time} geht es wieder.",
    "Too many requests. Try again in {time}.",
  ],
  "error.PROVIDER_ERROR": ["Die Quelle hat nicht geantwortet.", "The source did not answer."],
  "error.CONFIGURATION_ERROR": [
    "An der Konfiguration fehlt etwas.",
    "Something in the configuration is missing.",
  ],
  "error.DATABASE_ERROR": [
    "Die Datenbank hat versagt. Das Protokoll unter „System“ sagt, warum.",
    "The database failed. The log in “System” tells why.",
  ],
  "error.OTHER": [
    "Der Server hat einen Fehler gemeldet. Das Protokoll unter „System“ sagt, welchen.",
    "The server reported an error. The log in “System” tells which one.",
  ],
  library: ["Bibliothek", "Library"],
  calendar: ["Kalender", "Calendar"],
  history: ["Verlauf", "History"],
  settings: ["Einstellungen", "Settings"],
  settingsInNav: ["Einstel\u00adlungen", "Settings"],
  system: ["System", "System"],
  cancel: ["Abbrechen", "Cancel"],
  layout: ["Darstellung", "Layout"],
  tryNow: ["Jetzt versuchen", "Try now"],
  tryNowAt: ["Jetzt versuchen: {name}", "Try now: {name}"],
  tryAgain: ["Noch einmal versuchen", "Try again"],
  noSource: [
    "Noch ist keine Quelle eingerichtet. Das geht unter Einstellungen.",
    "No source is set up yet. Settings is the place for it.",
  ],
  deck: ["Stand der Dinge", "State of things"],
  waits: ["Wartet", "Waiting"],
  waitsFor: ["Wartet auf {name}, nächster Versuch {time}", "Waiting for {name}, next try {time}"],
  didNotAnswer: ["{name} hat nicht geantwortet", "{name} did not answer"],
  restsUntil: ["{name}: nächster Versuch {time}", "{name}: next try {time}"],
  queueIdle: ["Nichts zu laden", "Nothing to download"],
  "waitingCount.one": ["{n} wartet", "{n} waiting"],
  "waitingCount.other": ["{n} warten", "{n} waiting"],
  "failedCount.one": ["{n} fehlgeschlagen", "{n} failed"],
  "failedCount.other": ["{n} fehlgeschlagen", "{n} failed"],
  "moreLoading.one": ["{n} weitere lädt", "{n} more loading"],
  "moreLoading.other": ["{n} weitere laden", "{n} more loading"],
  freeRoom: ["{size} frei", "{size} free"],
  socketBlocked: [
    "Neuigkeiten kommen nicht durch. Leitet der Proxy „Upgrade“ weiter? Der Stand ist von {time}.",
    "Live updates do not get through. Does the proxy forward “Upgrade”? This is as of {time}.",
  ],
};

/** Add the texts of a view, which come with its module. */
export function addTexts(texts) {
  Object.assign(TEXTS, texts);
}

const languageIndex = LANGUAGES.indexOf(language);
const pluralRules = new Intl.PluralRules(language);

// They turn the direction of all that follows, and a title could so turn a sentence around.
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** The text of a key, with `values` in its {places}. An unknown error code gets a general text. */
export function t(key, values = {}) {
  const text = (TEXTS[key] ?? TEXTS["error.OTHER"])[languageIndex];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]).replace(TURNS, ""));
}

/** The text of a key for a count, in the singular or the plural: tn("episodeCount", 3). */
export function tn(key, count, values = {}) {
  return t(`${key}.${pluralRules.select(count)}`, { n: formatNumber(count), ...values });
}
