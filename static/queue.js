// The queue: its items as the socket tells them, drawn, and the commands to it.

import { callApi } from "./api.js";
import { $, makeFromTemplate, setHidden, setText, syncList } from "./dom.js";
import { announce, runAction, showToast } from "./feedback.js";
import { formatDuration, formatNumber, formatPercent } from "./formats.js";
import { formatSize, formatSpeed, formatTime } from "./formats.js";
import { t, tn } from "./i18n.js";
import { requestSnapshot } from "./socket.js";

const PRIORITIES = ["high", "normal", "low"];
const items = new Map(); // queue_item_id -> item, as GET /api/queue lists it
let queueState = "stopped";
let queueReason = ""; // why the queue stands, in the server's words
const resting = new Map(); // name -> source that is left alone
let snapshotTime = "";
// How many items of each status the snapshot had no room for.
let unlisted = { pending: 0, downloading: 0, failed: 0, completed: 0 };
let retractStart = () => {}; // takes "Start now" away from the last toast

const itemName = (item) => `${item.anime_title} ${item.episode}`;
const serialNumber = (item) => Number(item.queue_item_id.slice("queue_".length));
const withStatus = (...statuses) =>
  [...items.values()].filter((item) => statuses.includes(item.status));
const count = (status) => withStatus(status).length + unlisted[status];

// -- what the others ask --------------------------------------------------------------------------

export const isDownloading = () => withStatus("downloading").length > 0;

/** Whether every item of the queue is known here. */
export const isWhole = () => !Object.values(unlisted).some(Boolean);

/** How many items wait or are loading. */
export const countOpen = () => count("pending") + count("downloading");

/** The status of each queued episode of a series, as a Map from the episode's code. */
export function statusByEpisode(seriesId) {
  const seriesItems = [...items.values()].filter((item) => item.anime_id === seriesId);
  return new Map(seriesItems.map((item) => [item.episode, item.status]));
}

/** How many items wait or are loading, as a Map from the series' id. */
export function countOpenBySeries() {
  const counts = new Map();
  for (const { anime_id: seriesId } of withStatus("pending", "downloading")) {
    counts.set(seriesId, (counts.get(seriesId) ?? 0) + 1);
  }
  return counts;
}

// -- messages -------------------------------------------------------------------------------------

const messageHandlers = {
  snapshot({ items: listed, status, sources = [] }, timestamp) {
    items.clear();
    resting.clear();
    for (const source of sources) resting.set(source.name, source);
    for (const item of listed) items.set(item.queue_item_id, item);
    snapshotTime = timestamp;
    setQueueState(status);
    for (const key in unlisted) unlisted[key] = status[key] - withStatus(key).length;
  },

  queue_items({ items: changed }) {
    for (const item of changed) {
      const known = items.get(item.queue_item_id);
      if (!known && item.created_at < snapshotTime) requestSnapshot(); // it was unlisted
      items.set(item.queue_item_id, item);
    }
  },

  queue_removed({ items: ids }) {
    for (const id of ids) {
      if (!items.delete(id)) requestSnapshot();
    }
  },

  queue_state(status) {
    if (status.state !== queueState) announce(t(`queueState.${status.state}`));
    setQueueState(status);
  },

  source_state(source) {
    if (source.state === "resting") resting.set(source.name, source);
    else resting.delete(source.name);
  },

  download_started(started) {
    const known = items.get(started.queue_item_id);
    if (!known) requestSnapshot();
    const changes = { ...started, status: "downloading", reason: "" };
    items.set(started.queue_item_id, { priority: "normal", ...known, ...changes });
    announce(t("downloadStarted", { name: itemName(started) }));
  },

  download_progress(progress) {
    const known = items.get(progress.queue_item_id);
    if (known?.status === "downloading") Object.assign(known, progress);
  },

  download_completed({ queue_item_id: id, total_bytes, reason }, timestamp) {
    const known = items.get(id);
    if (!known) return requestSnapshot();
    const changes = { status: "completed", reason, total_bytes, finished_at: timestamp };
    Object.assign(known, changes);
    announce(t("downloadCompleted", { name: itemName(known) }));
  },

  download_error(failed) {
    items.set(failed.queue_item_id, failed);
    announce(t("downloadFailed", { name: itemName(failed) }));
  },
};

/** Take in a message of the socket; drawing is left to draw(). */
export function handleMessage({ type, data, timestamp }) {
  messageHandlers[type]?.(data, timestamp);
}

function setQueueState({ state, reason }) {
  queueState = state;
  queueReason = reason;
  if (state !== "stopped") retractStart();
}

// -- drawing --------------------------------------------------------------------------------------

const heading = $("#queue-title"); // gets the focus of what vanishes
const COMMAND_STATES = {
  start: ["stopped"],
  pause: ["running"],
  resume: ["paused"],
  stop: ["running", "paused"],
};

/** Show the queue as it is known now. */
export function draw() {
  const badge = $("#queue-state");
  setText(badge, t(`queueState.${queueState}`));
  badge.dataset.state = queueState;
  for (const [command, states] of Object.entries(COMMAND_STATES)) {
    setHidden($(`[data-command=${command}]`), !states.includes(queueState), heading);
  }
  $("#queue-reason").hidden = !queueReason;
  setText($("#queue-reason"), queueReason);
  const byName = { key: ({ name }) => name, create: createRest, update: updateRest };
  syncList($("#resting"), [...resting.values()], byName);
  setText($("#queue-summary span:last-child"), describeQueue());
  $("#queue-empty").hidden = countOpen() > 0;

  const downloading = withStatus("downloading").sort(bySerialNumber);
  const pending = withStatus("pending").sort(byPriority);
  drawRows($("#open-items"), [...downloading, ...pending]);
  drawFinished("failed", withStatus("failed"));
  drawFinished("completed", withStatus("completed").sort(byEnd));
}

const bySerialNumber = (a, b) => serialNumber(a) - serialNumber(b);
const byPriority = (a, b) =>
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || bySerialNumber(a, b);
const byEnd = (a, b) =>
  (b.finished_at ?? "").localeCompare(a.finished_at ?? "") || bySerialNumber(b, a);

function describeQueue() {
  const facts = [];
  const labels = { downloading: t("status.downloading"), pending: t("waiting") };
  for (const [status, label] of Object.entries(labels)) {
    if (count(status)) facts.push(`${label}: ${formatNumber(count(status))}`);
  }
  let totalSpeed = 0;
  for (const item of withStatus("downloading")) totalSpeed += item.speed_mbps ?? 0;
  if (totalSpeed) facts.push(formatSpeed(totalSpeed));
  if (unlisted.pending) facts.push(tn("moreEpisodes", unlisted.pending));
  return facts.join(" · ");
}

function createRest({ name }) {
  const row = makeFromTemplate("resting-row");
  $("button", row).ariaLabel = t("tryNowAt", { name });
  return row;
}

function updateRest(row, { name, until, reason }) {
  const time = formatTime(new Date(until));
  setText($("span", row), t("sourceRests", { name, time, reason }));
}

function drawFinished(status, finished) {
  const part = $(`#${status}`);
  setText($(".count", part), formatNumber(count(status)));
  drawRows($("ul", part), finished);
  setHidden(part, !finished.length, heading);
}

function drawRows(list, listed) {
  const key = (item) => item.queue_item_id;
  syncList(list, listed, { key, create: createRow, update: updateRow });
}

function createRow(item) {
  const row = makeFromTemplate("queue-row");
  const name = itemName(item);
  setText($(".title", row), item.anime_title);
  setText($(".code", row), item.episode);
  $("select", row).ariaLabel = t("priorityOf", { name });
  $("[data-action=retry]", row).ariaLabel = t("retryItem", { name });
  $("[data-action=remove]", row).ariaLabel = t("removeItem", { name });
  $("progress", row).ariaLabel = t("progressOf", { name });
  return row;
}

function updateRow(row, item) {
  const isLoading = item.status === "downloading";
  row.dataset.status = item.status;
  const priority = $("select", row);
  priority.hidden = !isLoading && item.status !== "pending";
  if (priority !== document.activeElement) priority.value = item.priority;
  $("[data-action=retry]", row).hidden = item.status !== "failed";
  const bar = $("progress", row);
  bar.hidden = !isLoading;
  if (item.progress_percent == null) bar.removeAttribute("value");
  else bar.value = item.progress_percent;

  const reason = item.status === "failed" ? item.error_message : item.reason;
  const serverText = isLoading ? "" : reason;
  const line = $(".soft", row);
  line.lang = serverText ? "en" : "";
  setText(line, serverText || describeTransfer(item));
  line.hidden = !line.textContent;
}

function describeTransfer(item) {
  const total = item.total_bytes ? formatSize(item.total_bytes) : "";
  if (item.status === "completed") return total;
  if (item.status !== "downloading") return "";
  if (!item.downloaded_bytes) return t("starting");
  const facts = [];
  const done = formatSize(item.downloaded_bytes);
  if (item.progress_percent != null) facts.push(formatPercent(item.progress_percent));
  facts.push(total ? t("doneOfTotal", { done, total }) : done);
  if (item.speed_mbps) facts.push(formatSpeed(item.speed_mbps));
  if (item.eta_seconds != null) {
    facts.push(t("timeLeft", { time: formatDuration(item.eta_seconds) }));
  }
  return facts.join(" · ");
}

// -- calls ----------------------------------------------------------------------------------------

/** Ask the API for the queue, when the socket is down. */
export async function loadFromApi() {
  const paths = ["queue/status", "queue?per_page=100", "providers"];
  const [status, page, known] = await Promise.all(paths.map((path) => callApi("GET", path)));
  const sources = known.data.filter(({ state }) => state === "resting");
  messageHandlers.snapshot({ status: status.data, items: page.data, sources }, "");
}

/**
 * Queue episodes of a series, and say so.
 * @param {string} seriesId
 * @param {string} title
 * @param {string[]} episodes codes, or ["missing"]
 */
export async function addEpisodes(seriesId, title, episodes, options = {}) {
  try {
    const body = { anime_id: seriesId, episodes, ...options };
    const { data } = await callApi("POST", "queue/add", body);
    const start = { text: t("startNow"), run: () => sendCommand("start") };
    const action = queueState === "stopped" ? start : undefined;
    retractStart = showToast(tn("queued", data.items.length, { title }), { action });
  } catch (error) {
    if (error.code !== "CONFLICT") throw error;
    showToast(t("nothingQueued", { title }));
  }
}

const COMMAND_CALLS = {
  start: ["queue/start"],
  stop: ["queue/stop"],
  pause: ["queue/pause", { paused: true }],
  resume: ["queue/pause", { paused: false }],
};

function sendCommand(command) {
  const [path, body] = COMMAND_CALLS[command];
  return runAction($(`[data-command=${command}]`), () => callApi("POST", path, body));
}

$("#queue").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { command, clear, action, retry } = button.dataset;
  const itemId = button.closest("li")?.dataset.key;
  if (command) sendCommand(command);
  else if (clear) runAction(button, () => callApi("DELETE", `queue?status=${clear}`));
  else if (retry) runAction(button, () => callApi("POST", "queue/retry"));
  else if (action === "try") runAction(button, () => callApi("POST", `providers/${itemId}/retry`));
  else if (action === "retry") runAction(button, () => callApi("POST", `queue/${itemId}/retry`));
  else if (action === "remove") runAction(button, () => callApi("DELETE", `queue/${itemId}`));
});

$("#queue").addEventListener("change", ({ target: select }) => {
  const itemId = select.closest("li").dataset.key;
  const priority = select.value;
  runAction(select, () => callApi("PUT", `queue/${itemId}`, { priority }));
});
