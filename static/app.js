// The frame of the page: the session, the views, the socket, and what is drawn when.

import { endSession, getToken, isTokenChange, onSessionEnd } from "./api.js";
import { retractOldOffers } from "./commands.js";
import * as deck from "./deck.js";
import { $, setHidden, setText, translate } from "./dom.js";
import { clearToasts, retractFailures, runAction } from "./feedback.js";
import { formatTime, language } from "./formats.js";
import { t } from "./i18n.js";
import * as libraryState from "./library_state.js";
import * as queueState from "./queue_state.js";
import * as router from "./router.js";
import { connect, disconnect, listenToSocket } from "./socket.js";

let login = null; // its module, once somebody had to log in
let isSignedIn = false;

// -- the session ----------------------------------------------------------------------------------

function showHome({ takesFocus }) {
  setSignedIn(true);
  connect();
  deck.loadDeck().catch(() => {}); // the view tells what is wrong
  return router.start({ takesFocus });
}

async function showLogin(reason) {
  disconnect();
  libraryState.forgetLibrary();
  router.leave();
  clearToasts();
  setSignedIn(false);
  showConnection(true, false); // nobody asks for one
  if (!login) {
    login = await import("./login.js"); // most have their token
    login.onLogin(() => {
      login.close($("#main")); // before the view is there, or it would jump
      showHome({ takesFocus: true });
    });
  }
  if (!getToken()) login.open(reason);
}

function setSignedIn(yes) {
  isSignedIn = yes;
  for (const id of ["nav", "header-search", "deck", "view"]) $(`#${id}`).hidden = !yes;
  document.body.classList.toggle("signed-in", yes);
}

onSessionEnd(showLogin);

addEventListener("storage", (event) => {
  if (!isTokenChange(event)) return;
  if (!getToken()) isSignedIn && endSession("ended");
  else if (!isSignedIn) {
    login?.close(null);
    showHome({ takesFocus: true });
  }
});

// -- the navigation -------------------------------------------------------------------------------

for (const link of document.querySelectorAll("a[data-path]")) {
  link.href = router.href(link.dataset.path);
}

router.onNavigation(({ view, query }) => {
  for (const link of $("#nav").querySelectorAll("a")) {
    const isHere =
      link.dataset.path === view || (view === "series" && link.dataset.path === "library");
    link.ariaCurrent = isHere ? "page" : null;
  }
  const field = $("#search-text");
  if (view === "search") field.value = query.get("q") ?? "";
  else if (document.activeElement !== field) field.value = "";
  if (!deck.sourcesAreAsked()) deck.loadDeck().catch(() => {}); // it was refused before
  showTitle();
});

$("#header-search").onsubmit = (event) => {
  event.preventDefault();
  const text = $("#search-text").value.trim();
  router.navigate(text ? `search?q=${encodeURIComponent(text)}` : "search");
};

function showTitle() {
  const count = deck.openCount();
  setText($("#queue-count"), count);
  const title = router.viewTitle();
  if (isSignedIn && title) document.title = t("tabTitle", { count: count && `(${count}) `, title });
}

// -- the socket, and drawing ----------------------------------------------------------------------

let nextFrame = 0;
let changed = new Set();
let disconnectedAt = null;

/** Draw what changed, once for all messages that come before the next frame. */
function drawSoon(what) {
  changed.add(what);
  nextFrame ||= requestAnimationFrame(() => {
    nextFrame = 0;
    const now = changed;
    changed = new Set();
    if (!isSignedIn) return;
    if (now.has("queue")) showTitle();
    if (now.has("queue") || now.has("progress")) deck.drawDeck();
    router.drawView(now);
  });
}

function showConnection(isUp, isBlocked) {
  const wasBlocked = document.body.classList.contains("blocked");
  disconnectedAt = isUp ? null : (disconnectedAt ?? new Date());
  setHidden($("#connection"), isUp, $("h1", $("#view")));
  document.body.classList.toggle("offline", !isUp);
  document.body.classList.toggle("blocked", isBlocked);
  const text = isBlocked ? "socketBlocked" : "offline";
  if (!isUp) setText($("#connection span"), t(text, { time: formatTime(disconnectedAt) }));
  if (isBlocked && !wasBlocked) refresh();
  if (isUp) retractFailures("NETWORK");
}

listenToSocket({
  isDownloading: queueState.isDownloading,
  onConnection: showConnection,
  onLoss() {
    libraryState.loadLibrarySoon();
    deck.loadDeck().catch(() => {});
    drawSoon("lost");
  },
  onMessage(message) {
    for (const state of [queueState, libraryState]) {
      const what = state.handleMessage(message);
      if (what) drawSoon(what);
    }
    deck.handleMessage(message);
    if (message.type === "library_changed" && !message.data.series) deck.loadDeck().catch(() => {});
    retractOldOffers();
  },
});
libraryState.onLibraryChange(() => drawSoon("library"));

let refreshing = null;

/** Ask the API for the state of things, where the socket does not tell it. */
function refresh() {
  refreshing ??= queueState
    .loadFromApi()
    .then(() => drawSoon("queue"))
    .catch(() => {})
    .finally(() => (refreshing = null));
  return refreshing;
}

$("#refresh").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    await queueState.loadFromApi();
    drawSoon("queue");
  });

// A browser asks for these again as seen from the address of each view.
for (const link of document.querySelectorAll("link[rel*=icon], link[rel=manifest]")) {
  link.href = link.href;
}

// -- start ----------------------------------------------------------------------------------------

document.documentElement.lang = language;
translate(document);
if (getToken()) showHome({ takesFocus: false });
else showLogin();
