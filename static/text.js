// What the page says: words in two languages, numbers, and the nodes and toasts that carry them.

const TEXT = {
  skip: ["Zum Inhalt", "Skip to content"],
  nav: ["Bereiche", "Views"],
  series: ["Serien", "Series"],
  queue: ["Warteschlange", "Queue"],
  logout: ["Abmelden", "Log out"],
  docs: ["API-Dokumentation", "API documentation"],
  close: ["Schließen", "Close"],
  details: ["Details", "Details"],
  refresh: ["Neu laden", "Refresh"],

  setUp: ["Einrichten", "Set up"],
  setUpHint: ["Ein Passwort für diesen Server wählen: 8 bis 1.024 Zeichen.", "Choose a password for this server: 8 to 1,024 characters."],
  setUpDo: ["Passwort setzen", "Set the password"],
  login: ["Anmelden", "Log in"],
  loginHint: ["Mit dem Passwort dieses Servers.", "With the password of this server."],
  again: ["Die Sitzung ist zu Ende. Bitte neu anmelden.", "The session has ended. Please log in again."],
  password: ["Passwort", "Password"],
  show: ["Zeigen", "Show"],
  showPassword: ["Passwort zeigen", "Show password"],
  code: ["Einrichtungscode", "Setup code"],
  codeHint: ["Der Server hat ihn beim Start ausgegeben; er steht auch in der Datei setup-code neben seinen Daten.", "The server printed it when it started; it is also in the file setup-code beside its data."],
  codeMissing: ["Zum Einrichten von einem anderen Gerät ist der Einrichtungscode nötig.", "To set up from another device the setup code is needed."],
  codeWrong: ["Der Einrichtungscode stimmt nicht.", "The setup code is wrong."],
  passwordWrong: ["Das Passwort stimmt nicht.", "The password is wrong."],
  passwordLength: ["Das Passwort muss 8 bis 1.024 Zeichen lang sein.", "The password has to be 8 to 1,024 characters long."],
  tooMany: ["Zu viele Versuche. Noch {time} warten.", "Too many attempts. Wait {time}."],
  waitFor: ["Noch {time} warten", "Wait {time}"],

  search: ["Serien in den Quellen suchen", "Search the sources for series"],
  hits: ["Gefunden", "Found"],
  closeHits: ["Suche schließen", "Close the search"],
  searching: ["Sucht …", "Searching …"],
  "found.one": ["{n} Serie gefunden", "{n} series found"],
  "found.other": ["{n} Serien gefunden", "{n} series found"],
  noHits: ["Nichts gefunden.", "Nothing found."],

  missing: ["Fehlende Folgen", "Missing episodes"],
  allSeries: ["Alle Serien", "All series"],
  showAll: ["Auch vollständige", "Complete ones too"],
  "seriesCount.one": ["{n} Serie", "{n} series"],
  "seriesCount.other": ["{n} Serien", "{n} series"],
  "lacks.one": ["{n} fehlt", "{n} missing"],
  "lacks.other": ["{n} fehlen", "{n} missing"],
  complete: ["Vollständig", "Complete"],
  have: ["{have} von {total} Folgen", "{have} of {total} episodes"],
  "waiting.one": ["{n} in der Warteschlange", "{n} in the queue"],
  "waiting.other": ["{n} in der Warteschlange", "{n} in the queue"],
  get: ["Holen", "Get"],
  getMissing: ["Fehlende holen", "Get missing"],
  getAllOf: ["Fehlende Folgen von {title} holen", "Get the missing episodes of {title}"],
  getOne: ["{episode} von {title} holen", "Get {episode} of {title}"],
  detailsOf: ["{title}: Folgen zeigen", "{title}: show the episodes"],
  onlyMissing: ["Nur fehlende", "Only missing ones"],
  nothingMissing: ["Hier fehlt nichts.", "Nothing is missing here."],
  noneMissing: ["Es fehlt nichts. Oben lässt sich nach weiteren Serien suchen.", "Nothing is missing. Search above for more series."],
  noSeries: ["Noch keine Serie. Oben suchen, oder die Bibliothek neu einlesen.", "No series yet. Search above, or rescan the library."],
  site: ["Seite der Quelle", "Page of the source"],
  reading: ["Zuordnung und Namen", "Source and names"],
  source: ["Serie der Quelle", "Series of the source"],
  sourceHint: ["Titel suchen", "Search for a title"],
  numbering: ["Nummern der Dateien", "Numbers in the files"],
  "n.auto": ["zählen, wie es jeder Name sagt", "count as each name tells"],
  "n.season": ["zählen in jeder Staffel neu", "count within each season"],
  "n.absolute": ["zählen durch alle Staffeln", "count through all seasons"],
  offset: ["Zu jeder Nummer addieren", "Add to each number"],
  apply: ["Übernehmen", "Apply"],
  odd: ["Dateien, die keine Folge sind, oder mehrdeutig", "Files that are no episode, or ambiguous"],
  "unsure.one": ["{n} Datei mehrdeutig", "{n} file ambiguous"],
  "unsure.other": ["{n} Dateien mehrdeutig", "{n} files ambiguous"],
  preview: ["Neue Namen zeigen", "Show new names"],
  "rename.one": ["{n} Datei umbenennen", "Rename {n} file"],
  "rename.other": ["{n} Dateien umbenennen", "Rename {n} files"],
  "renamed.one": ["{n} Datei umbenannt.", "{n} file renamed."],
  "renamed.other": ["{n} Dateien umbenannt.", "{n} files renamed."],
  namesAsWanted: ["Alle Namen sind schon so.", "All names are like that already."],
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
  outOf: ["{done} von {total}", "{done} of {total}"],
  rescanned: ["Bibliothek eingelesen: {series}, {episodes} neu.", "Library scanned: {series}, {episodes} new."],
  "unread.one": ["{n} Ordner war nicht lesbar; was darüber bekannt ist, bleibt.", "{n} folder could not be read; what is known of it stays."],
  "unread.other": ["{n} Ordner waren nicht lesbar; was darüber bekannt ist, bleibt.", "{n} folders could not be read; what is known of them stays."],
  rescanFailed: ["Die Bibliothek ließ sich nicht einlesen.", "The library could not be scanned."],
  "episodes.one": ["{n} Folge", "{n} episode"],
  "episodes.other": ["{n} Folgen", "{n} episodes"],
  "queued.one": ["{n} Folge eingereiht: {title}", "{n} episode queued: {title}"],
  "queued.other": ["{n} Folgen eingereiht: {title}", "{n} episodes queued: {title}"],
  nothingNew: ["{title}: Alles ist schon da oder eingereiht.", "{title}: everything is there or queued already."],
  startNow: ["Jetzt starten", "Start now"],

  "is.present": ["Vorhanden", "In the library"],
  "is.missing": ["Fehlt", "Missing"],
  "is.upcoming": ["Noch nicht erschienen", "Not aired yet"],
  "is.special": ["Special", "Special"],
  "is.ambiguous": ["Mehrdeutig", "Ambiguous"],
  "is.pending": ["Eingereiht", "Queued"],
  "is.downloading": ["Lädt", "Downloading"],
  "is.failed": ["Fehlgeschlagen", "Failed"],

  "state.running": ["Läuft", "Running"],
  "state.paused": ["Pausiert", "Paused"],
  "state.stopped": ["Gestoppt", "Stopped"],
  start: ["Starten", "Start"],
  pause: ["Pause", "Pause"],
  resume: ["Fortsetzen", "Resume"],
  stop: ["Stopp", "Stop"],
  queueEmpty: ["Nichts zu laden.", "Nothing to download."],
  "more.one": ["{n} weitere Folge", "{n} more episode"],
  "more.other": ["{n} weitere Folgen", "{n} more episodes"],
  failedOnes: ["Fehlgeschlagen", "Failed"],
  completedOnes: ["Fertig", "Completed"],
  clear: ["Leeren", "Clear"],
  clearFailed: ["Fehlgeschlagene aus der Liste nehmen", "Clear failed from the list"],
  clearCompleted: ["Fertige aus der Liste nehmen", "Clear completed from the list"],
  remaining: ["noch {time}", "{time} left"],
  sizeOf: ["{done} von {total}", "{done} of {total}"],
  starting: ["Beginnt …", "Starting …"],
  waits: ["Wartet", "Waiting"],
  high: ["Hoch", "High"],
  normal: ["Normal", "Normal"],
  low: ["Niedrig", "Low"],
  priorityOf: ["Priorität von {name}", "Priority of {name}"],
  removeOf: ["{name} entfernen", "Remove {name}"],
  retryOf: ["{name} erneut versuchen", "Retry {name}"],
  progressOf: ["Fortschritt von {name}", "Progress of {name}"],
  began: ["{name}: Download begonnen", "{name}: download started"],
  done: ["{name}: fertig", "{name}: completed"],
  broke: ["{name}: fehlgeschlagen", "{name}: failed"],
  left: ["{n} offen", "{n} to go"],

  offline: ["Keine Verbindung seit {time}. Was unten steht, kann überholt sein.", "No connection since {time}. What is shown may be out of date."],

  "E.NETWORK": ["Der Server ist nicht erreichbar.", "The server cannot be reached."],
  "E.BAD_REQUEST": ["Das geht so nicht.", "That does not work."],
  "E.AUTHORIZATION_ERROR": ["Das ist nicht erlaubt.", "That is not allowed."],
  "E.AUTHENTICATION_ERROR": ["Bitte anmelden.", "Please log in."],
  "E.NOT_FOUND": ["Das gibt es nicht (mehr).", "That does not exist (any more)."],
  "E.CONFLICT": ["Das passt nicht zum jetzigen Stand.", "That does not fit the present state."],
  "E.VALIDATION_ERROR": ["Die Eingabe ist ungültig.", "The input is not valid."],
  "E.RATE_LIMIT_EXCEEDED": ["Zu viele Anfragen. In {time} geht es weiter.", "Too many requests. Try again in {time}."],
  "E.PROVIDER_ERROR": ["Die Quelle hat nicht geantwortet.", "The source did not answer."],
  "E.CONFIGURATION_ERROR": ["An der Konfiguration fehlt etwas.", "Something in the configuration is missing."],
  "E.DATABASE_ERROR": ["Die Datenbank hat versagt.", "The database failed."],
  "E.OTHER": ["Der Server hat einen Fehler gemeldet.", "The server reported an error."],
};

const kept = localStorage.getItem("aniworld.language");
const preferred = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === "de" || name === "en");
export const language = kept === "de" || kept === "en" ? kept : preferred ?? "en";
const plural = new Intl.PluralRules(language);

export function t(key, values = {}) {
  const both = TEXT[key] ?? TEXT["E.OTHER"];
  return both[language === "de" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The text for so many of something. */
export const tn = (key, n, values = {}) => t(`${key}.${plural.select(n)}`, { n: number(n), ...values });

const formats = new Map();
function format(value, options) {
  const name = JSON.stringify(options);
  if (!formats.has(name)) formats.set(name, new Intl.NumberFormat(language, options));
  return formats.get(name).format(value);
}
export const number = (value) => format(value, { maximumFractionDigits: 1 });
export const percent = (value) => format(value / 100, { style: "percent" });
export const speed = (value) => `${number(value)} Mbit/s`;
export function size(bytes) {
  const giga = bytes >= 1e9;
  return format(bytes / (giga ? 1e9 : 1e6), { style: "unit", unit: giga ? "gigabyte" : "megabyte", maximumFractionDigits: 1 });
}
export function span(seconds) {
  const [unit, length] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : ["hour", 3600];
  return format(Math.max(0, Math.round(seconds / length)), { style: "unit", unit });
}
export const clock = (date) => date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

// -- nodes ------------------------------------------------------------------------------------------------------------

export const $ = (selector, root = document) => root.querySelector(selector);

/** Fill in the words of everything below `root`. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.ariaLabel = t(node.dataset.tLabel);
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  return root;
}

export const make = (name) => translate($(`#t-${name}`).content.cloneNode(true)).firstElementChild;

/** Change a node's text only when it is another one. */
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Make `list` show one node for each of `values`, in their order, keeping the nodes, the focus and the place. */
export function sync(list, values, key, create, update) {
  const focus = document.activeElement;
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const wanted = new Set(values.map(key));
  for (const [name, node] of old) {
    if (wanted.has(name)) continue;
    if (node.contains(focus)) neighbour(node)?.focus({ preventScroll: true });
    node.remove();
  }
  let place = list.firstElementChild;
  for (const value of values) {
    let node = old.get(key(value));
    if (!node) {
      node = create(value);
      node.dataset.key = key(value);
    }
    if (node === place) place = place.nextElementSibling;
    else list.insertBefore(node, place);
    update(node, value);
  }
  if (list.contains(focus) && focus !== document.activeElement) focus.focus({ preventScroll: true });
}

/** What gets the focus when a row vanishes: the same kind of button in the next one, else the heading. */
function neighbour(node) {
  const row = node.nextElementSibling ?? node.previousElementSibling;
  return row?.querySelector(`[data-do="${document.activeElement.dataset.do}"]:not([hidden])`) ?? node.closest("section, dialog")?.querySelector("h2[tabindex]");
}

// -- telling ----------------------------------------------------------------------------------------------------------

/** Tell those who listen to the page rather than look at it. */
export const say = (text) => put($("#said"), text);

export function toast(text, { more = "", bad = false, action = null } = {}) {
  const node = make("toast");
  const [act, close] = node.querySelectorAll("button");
  const details = $("details", node);
  node.classList.toggle("error", bad);
  put($("p", node), text);
  details.hidden = !more;
  put($("p", details), more);
  act.hidden = !action;
  if (action) {
    put(act, action.text);
    act.onclick = () => (node.remove(), action.run());
  }
  close.onclick = () => node.remove();
  const all = $("#toasts");
  for (const old of all.querySelectorAll(bad ? ".error:nth-last-child(n+2)" : ".toast:not(.error)")) old.remove();
  all.append(node);
  ($("dialog[open]") ?? document.body).append(all); // what is outside of an open dialog cannot be clicked
  if (!bad) setTimeout(() => node.contains(document.activeElement) || node.remove(), 8000);
}

/** Show why a call was refused. */
export function complain(refusal) {
  if (refusal.name === "AbortError" || refusal.status === 401) return;
  if (!refusal.code) throw refusal;
  toast(t(`E.${refusal.code}`, { time: span(refusal.wait) }), { more: refusal.message, bad: true });
}

/** Do something for a button: not twice at once, and with its failure shown. */
export async function run(button, work) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    button.ariaBusy = null;
  }
}
