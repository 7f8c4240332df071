// The list of series, what is missing of each, and the rescan of the library.

import { callApi, Refusal } from "./api.js";
import { $, makeFromTemplate, setHidden, setText, syncList } from "./dom.js";
import { runAction, showRefusal, showToast } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import * as queue from "./queue.js";

const PER_PAGE = 20;
const heading = $("#series-title");
let list = null; // the rows of this page of the API; null before they are loaded
let page = 1;
let pageCount = 1;
let seriesCount = 0;
let rescanStep = null; // the newest rescan_progress of a rescan that runs
let isOwnRescan = false; // the rescan was asked for here, and its answer will tell the result
let dialog = null; // the module of the series' dialog, once it was loaded
let shownResult = ""; // of a rescan, as in the last toast

/** Load the page of the list that is to be shown, and show it. */
export async function load() {
  const show = $("#show-complete").checked ? "&show=all" : "";
  const path = `v1/anime?page=${page}&per_page=${PER_PAGE}${show}`;
  const { data, pagination } = await callApi("GET", path);
  list = data;
  pageCount = pagination.pages;
  seriesCount = pagination.total;
  if (page > 1 && page > pageCount) {
    page = Math.max(1, pageCount);
    return load();
  }
  draw();
}

// -- messages -------------------------------------------------------------------------------------

const messageHandlers = {
  snapshot() {
    if (!isOwnRescan) rescanStep = null; // it may have ended while we were away
  },

  queue_items({ items }) {
    const listedIds = new Set(list?.map((series) => series.id));
    if (list && items.some((item) => !listedIds.has(item.anime_id))) loadSoon();
  },

  download_completed({ anime_id: id, missing_episodes: missing }) {
    const series = list?.find((series) => series.id === id);
    if (!series) return;
    const count = series.missing_episodes - missing;
    series.downloaded_episodes += count;
    series.available_episodes -= count;
    series.missing_episodes = missing;
  },

  rescan_progress(step) {
    rescanStep = step;
  },

  rescan_completed(result) {
    showRescanResult(result);
  },

  rescan_failed({ message }) {
    rescanStep = null;
    if (!isOwnRescan) showToast(t("rescanFailed"), { details: message, isError: true });
  },
};

/** Take in a message of the socket; drawing is left to draw(). */
export function handleMessage({ type, data }) {
  messageHandlers[type]?.(data);
}

let loadTimer = 0;

/** Load the list again after a while: it may have another series by now. */
function loadSoon() {
  if (pageCount > 1) return; // the series may well be on another page
  clearTimeout(loadTimer);
  loadTimer = setTimeout(() => load().catch(() => {}), 1000);
}

// -- drawing --------------------------------------------------------------------------------------

/** Show the list, the dialog and the rescan as they are known now. */
export function draw() {
  if (list) drawList();
  dialog?.draw();
  $("#rescan-progress").hidden = !rescanStep;
  if (rescanStep) drawRescan(rescanStep);
}

function drawList() {
  const showsAll = $("#show-complete").checked;
  setText(heading, t(showsAll ? "allSeries" : "missingEpisodes"));
  setText($("#series-count"), seriesCount ? tn("seriesCount", seriesCount) : "");
  const openCounts = queue.countOpenBySeries();
  syncList($("#series-list"), list, {
    key: (series) => series.id,
    create: () => makeFromTemplate("series-row"),
    update: (row, series) => updateRow(row, series, openCounts.get(series.id) ?? 0),
  });
  $("#series-empty").hidden = list.length > 0;
  setText($("#series-empty"), t(showsAll ? "noSeries" : "libraryComplete"));
  $("#pages").hidden = pageCount < 2;
  const position = { page: formatNumber(page), pages: formatNumber(pageCount) };
  setText($("#pages span"), t("page", position));
  $("#previous").disabled = page <= 1;
  $("#next").disabled = page >= pageCount;
}

function updateRow(row, series, openCount) {
  const { total_episodes: total, missing_episodes: missing } = series;
  setTitle(row, series.title); // linking to another source changes it
  const have = series.downloaded_episodes;
  const line = t("haveOfTotal", { have: formatNumber(have), total: formatNumber(total) });
  Object.assign($("progress", row), { max: Math.max(1, total), value: have, ariaLabel: line });
  setText($("p", row), openCount ? `${line} · ${tn("queuedCount", openCount)}` : line);
  const badge = $(".badge", row);
  setText(badge, missing ? tn("missingCount", missing) : t("complete"));
  badge.dataset.state = missing ? "missing" : "present";
  setHidden($(".get", row), series.available_episodes <= openCount, $(".title", row));
}

/** Set the title in a row of a series, and what its buttons are called. */
export function setTitle(row, title) {
  setText($(".title", row), title);
  $(".title", row).ariaLabel = t("showEpisodesOf", { title });
  $(".get", row).ariaLabel = t("getMissingOf", { title });
}

function drawRescan({ step, done, total }) {
  const bar = $("#rescan-progress progress");
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
  const counts = { done: formatNumber(done), total: formatNumber(total) };
  const position = total ? ` ${t("doneOfTotal", counts)}` : "";
  setText($("#rescan-progress p"), t(`step.${step}`) + position);
}

// -- actions --------------------------------------------------------------------------------------

/** Open a series, or queue what is missing of it, at a click into its row. */
export function handleRowClick({ target }) {
  const button = target.closest("button[data-action]");
  if (!button) return;
  const row = button.closest("li");
  const id = row.dataset.key;
  const title = $(".title", row).textContent;
  runAction(button, () =>
    button.dataset.action === "get"
      ? queue.addEpisodes(id, title, ["missing"])
      : openDialog(id),
  );
}

/** Show the dialog of a series, whose module is loaded when somebody wants it first. */
async function openDialog(id) {
  try {
    dialog ??= await import("./series_dialog.js");
  } catch (error) {
    throw new Refusal(0, { message: error.message }, 0);
  }
  await dialog.open(id, () => load().catch(showRefusal));
}

$("#series-list").addEventListener("click", handleRowClick);

function turnTo(newPage) {
  page = newPage;
  load().then(() => heading.focus(), showRefusal);
}

$("#previous").onclick = () => turnTo(page - 1);
$("#next").onclick = () => turnTo(page + 1);
$("#show-complete").onchange = () => {
  page = 1;
  load().catch(showRefusal);
};

$("#rescan").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    isOwnRescan = true;
    try {
      showRescanResult(await callApi("POST", "v1/anime/rescan"));
    } finally {
      isOwnRescan = false;
      rescanStep = null;
      draw();
    }
  });

/** Say what a rescan found: once, though the call's answer and the socket both tell it. */
function showRescanResult(result) {
  const { new_series, new_episodes, unread_folders: unread, unavailable } = result;
  rescanStep = null;
  const series = tn("seriesCount", new_series);
  const text = t("rescanned", { series, episodes: tn("episodeCount", new_episodes) });
  if (text === shownResult) return;
  shownResult = text;
  setTimeout(() => (shownResult = ""), 3000);
  showToast(text);
  if (unread.length) {
    const details = unread.join("\n");
    showToast(tn("unreadFolders", unread.length), { details, isError: true });
  }
  if (unavailable.length) {
    showToast(t("unavailable", { sources: unavailable.join(", ") }), { isError: true });
  }
  if (result.changed_lists.length) {
    const details = result.changed_lists.join("\n");
    showToast(tn("changedLists", result.changed_lists.length), { details, isError: true });
  }
  load().catch(showRefusal);
}
