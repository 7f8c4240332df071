// All series of the library, kept up to date by the socket's messages, and the rescan.

import { callApi } from "./api.js";
import { showRefusal, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";
import { describeProblem, loadSentences } from "./reasons.js";
import { isConnected } from "./socket.js";

const PROXY_TIMEOUT = 504;
const OLD_MS = 60_000; // a list of this age is asked for again when its tab comes into sight
const GATHER_MS = 200; // for which changed series are gathered before they are asked for
const MOST_SERIES = 100; // that are asked for by their ids

/** What is known of the library; `list` is null before it was asked for. */
export const library = {
  /** @type {any[] | null} as GET /api/library lists them */
  list: null,
  /** @type {Map<string, any>} */
  byId: new Map(),
  /** @type {{step: string, done: number, total: number | null} | null} of a rescan that runs */
  rescan: null,
};

/** Whether nothing is known to be missing, and yet not all is surely there: files are ambiguous. */
export const isUnsure = (series) =>
  series.missing_episodes === 0 && series.downloaded_episodes < series.total_episodes;

let isOwnRescan = false; // the rescan was asked for here, and its answer will tell the result
let shownResult = ""; // of a rescan, as in the last toast
let loading = null;
let loadTimer = 0;
let loadedAt = 0;
let listener = () => {};

/** Set who hears that the list was loaded again. */
export function onLibraryChange(given) {
  listener = given;
}

/** Load the list, unless it is there already. */
export const ensureLibrary = () => (library.list ? Promise.resolve() : loadLibrary());

/** Load the list anew. Those who ask meanwhile get the same answer. */
export function loadLibrary() {
  loading ??= callApi("GET", "library")
    .then(({ data }) => {
      library.list = data;
      loadedAt = Date.now();
      library.byId = new Map(data.map((series) => [series.id, series]));
      listener();
    })
    .finally(() => (loading = null));
  return loading;
}

/** The library was changed here: the socket tells every tab and device; without it, ask. */
export function noteLibraryChange() {
  if (!isConnected()) loadLibrarySoon();
}

const changedIds = new Set();
let changeTimer = 0;
const seriesListeners = new Set();

/**
 * Hear of series that were changed, here or on another device.
 * @param {(isMeant: (id: string) => boolean) => void} given
 * @returns {() => void} ends that
 */
export function onSeriesChange(given) {
  seriesListeners.add(given);
  return () => seriesListeners.delete(given);
}

/** Ask for the series that were changed; those that are gone are not in the answer. */
async function loadChanged() {
  await loading?.catch(() => {}); // it may tell of the time before the change
  const ids = [...changedIds];
  changedIds.clear();
  if (!library.list || !ids.length) return;
  if (ids.length > MOST_SERIES) return loadLibrarySoon();
  try {
    const { data } = await callApi("GET", `library?series=${ids.join(",")}`);
    if (!library.list) return; // somebody has logged out
    for (const id of ids) library.byId.delete(id);
    for (const series of data) library.byId.set(series.id, series);
    library.list = [...library.byId.values()];
    listener();
  } catch {
    loadLibrarySoon();
  }
}

// The days go on, and what airs today is missing tomorrow.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && Date.now() - loadedAt > OLD_MS) loadLibrarySoon();
});

/** Forget it, with the session. */
export function forgetLibrary() {
  clearTimeout(loadTimer);
  clearTimeout(changeTimer);
  changedIds.clear();
  Object.assign(library, { list: null, byId: new Map(), rescan: null });
}

/** Load the list again after a while: it may have another series by now. */
export function loadLibrarySoon() {
  clearTimeout(loadTimer);
  if (library.list || loading) loadTimer = setTimeout(loadAfresh, 1000);
}

/** Load the list, also where one is on its way that may be older. */
async function loadAfresh() {
  await loading?.catch(() => {});
  if (library.list) await loadLibrary().catch(() => {});
}

const messageHandlers = {
  snapshot() {
    if (isOwnRescan) return;
    library.rescan = null; // it may have ended while we were away
  },

  queue_items({ items }) {
    const isUnknown = ({ anime_id: id }) => !library.byId.has(id);
    if (library.list && items.some(isUnknown)) loadLibrarySoon();
  },

  library_changed({ series: ids }) {
    for (const tell of seriesListeners) tell((id) => !ids || ids.includes(id));
    if (!library.list && !loading) return;
    if (!ids) return loadLibrarySoon();
    for (const id of ids) changedIds.add(id);
    clearTimeout(changeTimer);
    changeTimer = setTimeout(loadChanged, GATHER_MS);
  },

  episodes_found({ anime_title: title, episodes }) {
    showToast(tn("foundNew", episodes.length, { title }));
  },

  download_completed({ anime_id: id, missing_episodes: missing }) {
    const series = library.byId.get(id);
    if (!series) return;
    const count = series.missing_episodes - missing;
    series.downloaded_episodes += count;
    series.available_episodes -= count;
    series.missing_episodes = missing;
  },

  rescan_progress(step) {
    library.rescan = step;
  },

  rescan_completed(result) {
    for (const tell of seriesListeners) tell(() => true);
    showRescanResult(result);
  },

  rescan_failed({ message }) {
    library.rescan = null;
    if (!isOwnRescan) showRescanFailure(message);
  },
};

/** Take in a message of the socket. Returns "library" where that changes the library. */
export function handleMessage({ type, data }) {
  if (!messageHandlers[type]) return null;
  messageHandlers[type](data);
  return "library";
}

/** Compare the library with the sources, and say what was new. */
export async function rescan() {
  isOwnRescan = true;
  try {
    showRescanResult(await callApi("POST", "v1/anime/rescan"));
  } catch (error) {
    if (error.status !== PROXY_TIMEOUT) throw error; // it goes on, and the socket tells its end
  } finally {
    isOwnRescan = false;
    library.rescan = null;
    listener();
  }
}

async function showRescanFailure(message) {
  await loadSentences().catch(() => {});
  const { text, isEnglish } = describeProblem({ issue: message });
  const failure = t("rescanFailed");
  if (isEnglish) showToast(failure, { details: message, isError: true });
  else showToast(`${failure} ${text}`, { isError: true });
}

/** Say what a rescan found: once, though the call's answer and the socket both tell it. */
function showRescanResult(result) {
  const { new_series, new_episodes, unread_folders: unread, unavailable } = result;
  library.rescan = null;
  const series = tn("seriesCount", new_series);
  const text = t("rescanned", { series, episodes: tn("episodeCount", new_episodes) });
  if (text === shownResult) return;
  shownResult = text;
  setTimeout(() => (shownResult = ""), 3000);
  const silent = unavailable.length
    ? ` ${t("unavailable", { sources: unavailable.join(", ") })}`
    : "";
  showToast(text + silent, { isError: Boolean(silent) });
  if (unread.length) {
    const details = unread.join("\n");
    showToast(tn("unreadFolders", unread.length), { details, isError: true });
  }
  if (result.changed_lists.length) {
    const details = result.changed_lists.join("\n");
    showToast(tn("changedLists", result.changed_lists.length), { details, isError: true });
  }
  loadLibrary().catch(showRefusal);
}
