// The texts of the page in German and English, and numbers as the reader's language writes them.

const TEXTS = {
  // key: [German, English]; a key that ends in .one or .other is for tn()
  skip: ["Zum Inhalt", "Skip to content"],
  nav: ["Bereiche", "Views"],
  series: ["Serien", "Series"],
  queue: ["Warteschlange", "Queue"],
  logout: ["Abmelden", "Log out"],
  account: ["Konto", "Account"],
  docs: ["API-Dokumentation", "API documentation"],
  close: ["Schließen", "Close"],
  details: ["Details", "Details"],
  refresh: ["Neu laden", "Refresh"],

  setUp: ["Einrichten", "Set up"],
  setUpHint: [
    "Ein Passwort für diesen Server wählen: 8 bis 1.024 Zeichen.",
    "Choose a password for this server: 8 to 1,024 characters.",
  ],
  setPassword: ["Passwort setzen", "Set the password"],
  login: ["Anmelden", "Log in"],
  loginHint: ["Mit dem Passwort dieses Servers.", "With the password of this server."],
  sessionEnded: [
    "Die Sitzung ist zu Ende. Bitte neu anmelden.",
    "The session has ended. Please log in again.",
  ],
  password: ["Passwort", "Password"],
  show: ["Zeigen", "Show"],
  showPassword: ["Passwort zeigen", "Show password"],
  setupCode: ["Einrichtungscode", "Setup code"],
  setupCodeHint: [
    "Der Server hat ihn beim Start ausgegeben; er steht auch in der Datei setup-code neben seinen Daten.",
    "The server printed it when it started; it is also in the file setup-code beside its data.",
  ],
  setupCodeMissing: [
    "Zum Einrichten von einem anderen Gerät ist der Einrichtungscode nötig.",
    "To set up from another device the setup code is needed.",
  ],
  setupCodeWrong: ["Der Einrichtungscode stimmt nicht.", "The setup code is wrong."],
  passwordWrong: ["Das Passwort stimmt nicht.", "The password is wrong."],
  passwordLength: [
    "Das Passwort muss 8 bis 1.024 Zeichen lang sein.",
    "The password has to be 8 to 1,024 characters long.",
  ],
  oldPassword: ["Bisheriges Passwort", "Present password"],
  newPassword: ["Neues Passwort", "New password"],
  changePassword: ["Passwort ändern", "Change password"],
  passwordChanged: [
    "Das Passwort ist geändert. Alle anderen Anmeldungen sind beendet.",
    "The password is changed. All other logins have ended.",
  ],
  sessionsHint: [
    "Auf allen Geräten abmelden, auch hier. Schlüssel bleiben gültig.",
    "Log out on all devices, here as well. Keys stay good.",
  ],
  endSessions: ["Überall abmelden", "Log out everywhere"],
  keys: ["Schlüssel", "Keys"],
  keysHint: [
    "Für Skripte und Dashboards, statt des Passworts: Authorization: Bearer aw_…",
    "For scripts and dashboards, in place of the password: Authorization: Bearer aw_…",
  ],
  noKeys: ["Noch keine.", "None yet."],
  keyName: ["Name", "Name"],
  keyScope: ["Darf", "May"],
  "scope.read": ["lesen", "read"],
  "scope.write": ["lesen und ändern", "read and change"],
  "scope.share": ["Geteiltes lesen", "read what is shared"],
  makeKey: ["Schlüssel anlegen", "Make a key"],
  keyOnce: [
    "Jetzt kopieren: er wird nur dieses Mal gezeigt.",
    "Copy it now: it is shown this once.",
  ],
  keyUsed: ["zuletzt benutzt am {day}", "last used on {day}"],
  keyUnused: ["noch nicht benutzt", "not used yet"],
  deleteKey: ["Löschen", "Delete"],
  deleteKeyOf: ["Schlüssel {name} löschen", "Delete the key {name}"],
  keyDeleted: ["Schlüssel {name} ist gelöscht.", "The key {name} is deleted."],
  tooManyLogins: ["Zu viele Versuche. Noch {time} warten.", "Too many attempts. Wait {time}."],
  waitFor: ["Noch {time} warten", "Wait {time}"],

  search: ["Serien in den Quellen suchen", "Search the sources for series"],
  searchResults: ["Suchergebnisse", "Search results"],
  closeSearch: ["Suche schließen", "Close the search"],
  searching: ["Sucht …", "Searching …"],
  "found.one": ["{n} Serie gefunden", "{n} series found"],
  "found.other": ["{n} Serien gefunden", "{n} series found"],
  nothingFound: ["Nichts gefunden.", "Nothing found."],

  missingEpisodes: ["Fehlende Folgen", "Missing episodes"],
  allSeries: ["Alle Serien", "All series"],
  showComplete: ["Auch vollständige", "Complete ones too"],
  "seriesCount.one": ["{n} Serie", "{n} series"],
  "seriesCount.other": ["{n} Serien", "{n} series"],
  "missingCount.one": ["{n} fehlt", "{n} missing"],
  "missingCount.other": ["{n} fehlen", "{n} missing"],
  complete: ["Vollständig", "Complete"],
  haveOfTotal: ["{have} von {total} Folgen", "{have} of {total} episodes"],
  "queuedCount.one": ["{n} in der Warteschlange", "{n} in the queue"],
  "queuedCount.other": ["{n} in der Warteschlange", "{n} in the queue"],
  get: ["Holen", "Get"],
  getMissing: ["Fehlende holen", "Get missing"],
  getMissingOf: ["Fehlende holen: Folgen von {title}", "Get missing episodes of {title}"],
  getEpisode: ["{episode} von {title} holen", "Get {episode} of {title}"],
  ignore: ["Ignorieren", "Ignore"],
  unignore: ["Wieder zählen", "Don't ignore"],
  showEpisodesOf: ["{title}: Folgen zeigen", "{title}: show the episodes"],
  onlyMissing: ["Nur fehlende", "Only missing ones"],
  nothingMissing: ["Hier fehlt nichts.", "Nothing is missing here."],
  libraryComplete: [
    "Es fehlt nichts. Oben lässt sich nach weiteren Serien suchen.",
    "Nothing is missing. Search above for more series.",
  ],
  noSeries: [
    "Noch keine Serie. Oben suchen, oder die Bibliothek neu einlesen.",
    "No series yet. Search above, or rescan the library.",
  ],
  listChange: [
    "Die Quelle listet anders als zuvor: {gone} Folgen fehlen dort, {moved} haben eine andere Nummer. Bekanntes bleibt, bis zwei weitere Blicke dasselbe zeigen.",
    "The source lists otherwise than before: {gone} episodes are gone there, {moved} have another number. What was known stays until two more looks say the same.",
  ],
  acceptList: ["So übernehmen", "Take it as it is"],
  "changedLists.one": [
    "Die Quelle von {n} Serie listet weniger oder anders als zuvor; Bekanntes bleibt vorerst.",
    "The source of {n} series lists less or otherwise than before; what was known stays for now.",
  ],
  "changedLists.other": [
    "Die Quellen von {n} Serien listen weniger oder anders als zuvor; Bekanntes bleibt vorerst.",
    "The sources of {n} series list less or otherwise than before; what was known stays for now.",
  ],
  sourceSite: ["Seite der Quelle", "Page of the source"],
  sourceAndNames: ["Zuordnung und Namen", "Source and names"],
  source: ["Serie der Quelle", "Series of the source"],
  sourceHint: ["Titel suchen", "Search for a title"],
  numbering: ["Nummern der Dateien", "Numbers in the files"],
  "numbering.auto": ["zählen, wie es jeder Name sagt", "count as each name tells"],
  "numbering.season": ["zählen in jeder Staffel neu", "count within each season"],
  "numbering.absolute": ["zählen durch alle Staffeln", "count through all seasons"],
  offset: ["Zu jeder Nummer addieren", "Add to each number"],
  titles: ["Weitere Titel in Dateinamen", "Further titles in the files' names"],
  titlesHint: ["durch ; getrennt", "with ; between"],
  folders: ["Ordner dieser Serie", "Folders of this series"],
  separate: ["Abtrennen", "Separate"],
  separated: [
    "{folder} ist jetzt eine Serie für sich.",
    "{folder} is a series of its own now.",
  ],
  apply: ["Übernehmen", "Apply"],
  otherFiles: [
    "Dateien, die keine Folge sind, oder mehrdeutig",
    "Files that are no episode, or ambiguous",
  ],
  "ambiguousCount.one": ["{n} Datei mehrdeutig", "{n} file ambiguous"],
  "ambiguousCount.other": ["{n} Dateien mehrdeutig", "{n} files ambiguous"],
  previewNames: ["Neue Namen zeigen", "Show new names"],
  "rename.one": ["{n} Datei umbenennen", "Rename {n} file"],
  "rename.other": ["{n} Dateien umbenennen", "Rename {n} files"],
  "renamed.one": ["{n} Datei umbenannt.", "{n} file renamed."],
  "renamed.other": ["{n} Dateien umbenannt.", "{n} files renamed."],
  namesUnchanged: ["Alle Namen sind schon so.", "All names are like that already."],
  nameStays: ["Bleibt so: {why}", "Stays: {why}"],
  undo: ["Rückgängig", "Undo"],
  pages: ["Seiten", "Pages"],
  page: ["Seite {page} von {pages}", "Page {page} of {pages}"],
  previous: ["Zurück", "Previous"],
  next: ["Weiter", "Next"],
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
  startNow: ["Jetzt starten", "Start now"],

  "status.present": ["Vorhanden", "In the library"],
  "status.missing": ["Fehlt", "Missing"],
  "status.wanted": ["Fehlt, keine Quelle hat sie", "Missing, no source has it"],
  "status.ignored": ["Zählt nicht", "Ignored"],
  "status.upcoming": ["Noch nicht erschienen", "Not aired yet"],
  "status.special": ["Special", "Special"],
  "status.ambiguous": ["Mehrdeutig", "Ambiguous"],
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
  queueEmpty: ["Nichts zu laden.", "Nothing to download."],
  "moreEpisodes.one": ["{n} weitere Folge", "{n} more episode"],
  "moreEpisodes.other": ["{n} weitere Folgen", "{n} more episodes"],
  failed: ["Fehlgeschlagen", "Failed"],
  completed: ["Fertig", "Completed"],
  retryAll: ["Alle erneut versuchen", "Retry all"],
  tryNow: ["Jetzt versuchen", "Try now"],
  tryNowAt: ["Jetzt versuchen: {name}", "Try now: {name}"],
  sourceRests: [
    "{name} ruht bis {time}, dann der nächste Versuch ({reason}).",
    "{name} rests, next try {time} ({reason}).",
  ],
  clear: ["Leeren", "Clear"],
  clearFailed: ["Leeren: Fehlgeschlagene aus der Liste nehmen", "Clear failed from the list"],
  clearCompleted: ["Leeren: Fertige aus der Liste nehmen", "Clear completed from the list"],
  timeLeft: ["noch {time}", "{time} left"],
  starting: ["Beginnt …", "Starting …"],
  waiting: ["Wartet", "Waiting"],
  high: ["Hoch", "High"],
  normal: ["Normal", "Normal"],
  low: ["Niedrig", "Low"],
  priorityOf: ["Priorität von {name}", "Priority of {name}"],
  removeItem: ["{name} entfernen", "Remove {name}"],
  retryItem: ["{name} erneut versuchen", "Retry {name}"],
  progressOf: ["Fortschritt von {name}", "Progress of {name}"],
  downloadStarted: ["{name}: Download begonnen", "{name}: download started"],
  downloadCompleted: ["{name}: fertig", "{name}: completed"],
  downloadFailed: ["{name}: fehlgeschlagen", "{name}: failed"],
  openCount: ["{n} offen", "{n} to go"],

  offline: [
    "Keine Verbindung seit {time}. Was unten steht, kann überholt sein.",
    "No connection since {time}. What is shown may be out of date.",
  ],

  "error.NETWORK": ["Der Server ist nicht erreichbar.", "The server cannot be reached."],
  "error.BAD_REQUEST": ["Das geht so nicht.", "That does not work."],
  "error.AUTHORIZATION_ERROR": ["Das ist nicht erlaubt.", "That is not allowed."],
  "error.AUTHENTICATION_ERROR": ["Bitte anmelden.", "Please log in."],
  "error.NOT_FOUND": ["Das gibt es nicht (mehr).", "That does not exist (any more)."],
  "error.CONFLICT": ["Das passt nicht zum jetzigen Stand.", "That does not fit the present state."],
  "error.VALIDATION_ERROR": ["Die Eingabe ist ungültig.", "The input is not valid."],
  "error.RATE_LIMIT_EXCEEDED": [
    "Zu viele Anfragen. In {time} geht es weiter.",
    "Too many requests. Try again in {time}.",
  ],
  "error.PROVIDER_ERROR": ["Die Quelle hat nicht geantwortet.", "The source did not answer."],
  "error.CONFIGURATION_ERROR": [
    "An der Konfiguration fehlt etwas.",
    "Something in the configuration is missing.",
  ],
  "error.DATABASE_ERROR": ["Die Datenbank hat versagt.", "The database failed."],
  "error.OTHER": ["Der Server hat einen Fehler gemeldet.", "The server reported an error."],
};

const LANGUAGES = ["de", "en"]; // in the order of TEXTS
const CHOICE_KEY = "aniworld.language"; // in localStorage

const preferences = [localStorage.getItem(CHOICE_KEY), ...navigator.languages];
/** @type {string} the reader's choice, else the browser's, else English */
export const language =
  preferences.map((name) => name?.slice(0, 2)).find((name) => LANGUAGES.includes(name)) ?? "en";
const languageIndex = LANGUAGES.indexOf(language);
const pluralRules = new Intl.PluralRules(language);

/** Choose the page's language, "de" or "en", and load the page again in it. */
export function chooseLanguage(name) {
  localStorage.setItem(CHOICE_KEY, name);
  location.reload();
}

/** The text of a key, with `values` in its {places}. An unknown error code gets a general text. */
export function t(key, values = {}) {
  const text = (TEXTS[key] ?? TEXTS["error.OTHER"])[languageIndex];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The text of a key for a count, in the singular or the plural: tn("episodeCount", 3). */
export function tn(key, count, values = {}) {
  return t(`${key}.${pluralRules.select(count)}`, { n: formatNumber(count), ...values });
}

const numberFormats = new Map(); // options as JSON -> the format: to make one takes long
function format(value, options) {
  const key = JSON.stringify(options);
  if (!numberFormats.has(key)) numberFormats.set(key, new Intl.NumberFormat(language, options));
  return numberFormats.get(key).format(value);
}

/** A number with at most one digit after the point. */
export const formatNumber = (value) => format(value, { maximumFractionDigits: 1 });

/** "59%", of a number of hundredths. */
export const formatPercent = (percent) => format(percent / 100, { style: "percent" });

/** "19.3 Mbit/s". */
export const formatSpeed = (megabits) => `${formatNumber(megabits)} Mbit/s`;

/** @type {[number, string][]} */
const SIZE_UNITS = [
  [1e9, "gigabyte"],
  [1e6, "megabyte"],
  [1e3, "kilobyte"],
  [1, "byte"],
];

/** "4.1 MB", of a number of bytes. */
export function formatSize(bytes) {
  const [factor, unit] = SIZE_UNITS.find(([least]) => bytes >= least) ?? SIZE_UNITS.at(-1);
  return format(bytes / factor, { style: "unit", unit, maximumFractionDigits: 1 });
}

/** "5 min", of a number of seconds. */
export function formatDuration(seconds) {
  let [unit, length] = ["hour", 3600];
  if (seconds < 90) [unit, length] = ["second", 1];
  else if (seconds < 5400) [unit, length] = ["minute", 60];
  return format(Math.max(0, Math.round(seconds / length)), { style: "unit", unit });
}

/** "08:11 PM", of a date, in the reader's time zone. */
export function formatTime(date) {
  return date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** "5 Nov 2026", of a time as the API writes it. */
export function formatDay(time) {
  return new Date(time).toLocaleDateString(language, { dateStyle: "medium" });
}
