// The search for series in the sources.

import { callApi } from "./api.js";
import { $, makeFromTemplate, setText, siteHost, syncList } from "./dom.js";
import { showRefusal } from "./feedback.js";
import { t, tn } from "./i18n.js";
import * as queue from "./queue.js";
import { handleRowClick, setTitle } from "./series.js";

const TYPING_PAUSE_MS = 400; // before the sources are asked
let hits = [];
let typingTimer = 0;
let running = new AbortController(); // of the newest search

/** Show the hits of the newest search. */
export function draw() {
  const openCounts = queue.countOpenBySeries();
  syncList($("#hits ul"), hits, {
    key: (hit) => hit.key,
    create: makeRow,
    update(row, hit) {
      const openCount = openCounts.get(hit.key);
      setText($("p", row), openCount ? tn("queuedCount", openCount) : siteHost(hit.site));
    },
  });
}

function makeRow(hit) {
  const row = makeFromTemplate("hit-row");
  setTitle(row, hit.name);
  return row;
}

async function search() {
  clearTimeout(typingTimer);
  running.abort();
  running = new AbortController();
  const text = $("#search-text").value.trim();
  $("#hits").hidden = !text;
  hits = [];
  if (text) {
    try {
      await loadHits(text, running.signal);
    } catch (error) {
      if (error.name === "AbortError") return; // a newer search shows its own hits
      $("#hits").hidden = true;
      showRefusal(error);
    }
  }
  draw();
}

async function loadHits(text, signal) {
  const state = $("#hits-state");
  setText(state, t("searching"));
  const path = `v1/anime/search?q=${encodeURIComponent(text)}`;
  hits = (await callApi("GET", path, null, { signal })).data;
  setText(state, hits.length ? tn("found", hits.length) : t("nothingFound"));
}

$("#search-text").oninput = () => {
  clearTimeout(typingTimer);
  typingTimer = setTimeout(search, TYPING_PAUSE_MS);
};

$("#search").onsubmit = (event) => {
  event.preventDefault();
  search();
};

$("#hits-close").onclick = () => {
  $("#search-text").value = "";
  search();
  $("#search-text").focus();
};

$("#hits").addEventListener("click", handleRowClick);
