// The frame of the page: which view is shown, its title, language and connection.

import { callApi, endSession, getToken, isTokenChange, onSessionEnd } from "./api.js";
import { $, setHidden, setText, translate } from "./dom.js";
import { runAction, showRefusal } from "./feedback.js";
import { chooseLanguage, formatNumber, formatTime, language } from "./formats.js";
import { t } from "./i18n.js";
import * as login from "./login.js";
import * as queue from "./queue.js";
import * as search from "./search.js";
import * as series from "./series.js";
import { connect, disconnect, listenToSocket } from "./socket.js";

// -- views: the login form, or the home of the series and the queue -------------------------------

function showHome() {
  setSignedIn(true);
  login.close(visibleHeading());
  showTitle();
  connect();
  series.load().catch(showRefusal);
}

function showLogin(reason) {
  disconnect();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  setSignedIn(false);
  login.open(reason);
}

function setSignedIn(isSignedIn) {
  for (const id of ["home", "tabs", "account", "logout"]) $(`#${id}`).hidden = !isSignedIn;
}

function showTitle() {
  const openItems = queue.countOpen();
  const count = openItems ? formatNumber(openItems) : "";
  document.title = count ? `${t("openCount", { n: count })} – Aniworld` : "Aniworld";
  setText($("#tab-count"), count);
}

/** On a phone one tab is shown at a time. */
function showTab() {
  const tab = location.hash === "#queue" ? "queue" : "series";
  document.body.dataset.tab = tab;
  for (const link of $("#tabs").children) {
    link.ariaCurrent = link.hash === `#${tab}` ? "page" : null;
  }
}

const visibleHeading = () => $(`#${document.body.dataset.tab}-title`);

addEventListener("hashchange", showTab);

// -- the session ----------------------------------------------------------------------------------

onSessionEnd(showLogin);
login.onLogin(showHome);

addEventListener("storage", (event) => {
  if (!isTokenChange(event)) return;
  if (getToken()) showHome();
  else endSession("logout");
});

$("#logout").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    disconnect();
    try {
      await callApi("POST", "auth/logout");
    } finally {
      if (getToken()) endSession("logout"); // 401 has ended it already
    }
  });

$("#account").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    const account = await import("./account.js"); // few need it, so it comes late
    await account.open();
  });

// -- the socket -----------------------------------------------------------------------------------

let nextFrame = 0;
let disconnectedAt = null;

/** Draw what changed, once for all messages that come before the next frame. */
function drawSoon() {
  nextFrame ||= requestAnimationFrame(() => {
    nextFrame = 0;
    queue.draw();
    series.draw();
    search.draw();
  });
}

function showConnection(isUp) {
  disconnectedAt = isUp ? null : (disconnectedAt ?? new Date());
  setHidden($("#connection"), isUp, visibleHeading());
  document.body.classList.toggle("offline", !isUp);
  if (!isUp) setText($("#connection span"), t("offline", { time: formatTime(disconnectedAt) }));
}

listenToSocket({
  isDownloading: queue.isDownloading,
  onConnection: showConnection,
  onMessage(message) {
    queue.handleMessage(message);
    series.handleMessage(message);
    showTitle();
    drawSoon();
  },
});

$("#refresh").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    await queue.loadFromApi();
    drawSoon();
  });

// -- start ----------------------------------------------------------------------------------------

const otherLanguage = language === "de" ? "en" : "de";
const languageButton = $("#language");
setText(languageButton, { de: "Deutsch", en: "English" }[otherLanguage]);
languageButton.lang = otherLanguage;
languageButton.onclick = () => chooseLanguage(otherLanguage);

document.documentElement.lang = language;
translate(document);
showTab();
if (getToken()) showHome();
else showLogin();
