// All series of the library, kept up to date by the socket's messages, and the rescan.

import { callApi } from "./api.js";
import { showRefusal, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";

const PROXY_TIMEOUT = 504;
const OLD_MS = 60_000; // a list of this age is asked for again when its tab comes into sight

/** What is known of the library; `list` is null before it was asked for. */
export const library = {
  /** @type {any[] | null} as GET /api/library lists them */
  list: null,
  /** @type {Map<string, any>} */
  byId: new Map(),
  /** @type {{step: string, done: number, total: number | null} | null} of a rescan that runs */
  rescan: null,
};
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

const tabs = new BroadcastChannel("aniworld.library");
tabs.onmessage = loadLibrarySoon;

/** The library was changed here: load the list again, and so do the other tabs. */
export function noteLibraryChange() {
  tabs.postMessage(null);
  loadLibrarySoon();
}

// Another device may have changed it while nobody looked at this tab.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && Date.now() - loadedAt > OLD_MS) loadLibrarySoon();
});

/** Forget it, with the session. */
export function forgetLibrary() {
  clearTimeout(loadTimer);
  Object.assign(library, { list: null, byId: new Map(), rescan: null });
}

/** Load the list again after a while: it may have another series by now. */
export function loadLibrarySoon() {
  clearTimeout(loadTimer);
  if (library.list) loadTimer = setTimeout(() => loadLibrary().catch(() => {}), 1000);
}

const messageHandlers = {
  snapshot() {
    if (isOwnRescan) return;
    library.rescan = null; // it may have ended while we were away
  },

  queue_items({ items }) {
    if (items.some((item) => !library.byId.has(item.anime_id))) loadLibrarySoon();
  },

  episodes_found({ anime_title: title, episodes }) {
    showToast(tn("foundNew", episodes.length, { title }));
    loadLibrarySoon();
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
    showRescanResult(result);
  },

  rescan_failed({ message }) {
    library.rescan = null;
    if (!isOwnRescan) showToast(t("rescanFailed"), { details: message, isError: true });
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
