// The queue: what the socket tells, kept in a map and drawn.

import { call, renew } from "./net.js";
import { $, make, number, percent, put, run, say, size, span, speed, sync, t, tn, toast } from "./text.js";

const ORDER = ["high", "normal", "low"];
const items = new Map();
let state = "stopped";
let reason = "";
let beyond = { pending: 0, downloading: 0, failed: 0, completed: 0 }; // items that the snapshot had no room for
let since = ""; // when the snapshot was taken

const name = (item) => `${item.anime_title} ${item.episode}`;
const serial = (item) => Number(item.queue_item_id.slice(6));
const having = (...statuses) => [...items.values()].filter((item) => statuses.includes(item.status));
const count = (status) => having(status).length + beyond[status];

export const busy = () => having("downloading").length > 0;

/** Whether every item is known here. */
export const whole = () => !Object.values(beyond).some(Boolean);

/** The items of one series: episode -> status. */
export function of(anime) {
  const mine = [...items.values()].filter((item) => item.anime_id === anime);
  return new Map(mine.map((item) => [item.episode, item.status]));
}

/** Episodes that are still to come, by series. */
export function waiting() {
  const found = new Map();
  for (const item of having("pending", "downloading")) found.set(item.anime_id, (found.get(item.anime_id) ?? 0) + 1);
  return found;
}

export function hear({ type, data, timestamp }) {
  const old = items.get(data.queue_item_id);
  if (type === "snapshot") {
    items.clear();
    for (const item of data.items) items.set(item.queue_item_id, item);
    since = timestamp;
    ({ state, reason } = data.status);
    for (const status in beyond) beyond[status] = data.status[status] - having(status).length;
  } else if (type === "queue_items") {
    for (const item of data.items) {
      const before = items.get(item.queue_item_id);
      if (!before && item.created_at < since) renew();
      items.set(item.queue_item_id, item.status === "downloading" ? { ...before, ...item } : item);
    }
  } else if (type === "queue_removed") {
    for (const id of data.items) if (!items.delete(id)) renew();
  } else if (type === "queue_state") {
    if (data.state !== state) say(t(`state.${data.state}`));
    ({ state, reason } = data);
  } else if (type === "download_started") {
    if (!old) renew();
    items.set(data.queue_item_id, { priority: "normal", ...old, ...data, status: "downloading", reason: "" });
    say(t("began", { name: name(data) }));
  } else if (type === "download_progress") {
    if (old?.status === "downloading") Object.assign(old, data);
  } else if (type === "download_completed") {
    if (!old) return renew();
    Object.assign(old, { status: "completed", reason: "", total_bytes: data.total_bytes, finished_at: timestamp });
    say(t("done", { name: name(old) }));
  } else if (type === "download_error") {
    items.set(data.queue_item_id, data);
    say(t("broke", { name: name(data) }));
  }
}

/** Ask the API instead of the socket. */
export async function refresh() {
  const [status, page] = await Promise.all([call("GET", "queue/status"), call("GET", "queue?per_page=100")]);
  hear({ type: "snapshot", timestamp: "", data: { status: status.data, items: page.data } });
}

/** Queue episodes of a series. */
export async function add(anime, title, episodes) {
  try {
    const { data } = await call("POST", "queue/add", { anime_id: anime, episodes });
    const action = state === "stopped" ? { text: t("startNow"), run: () => command("start") } : null;
    toast(tn("queued", data.items.length, { title }), { action });
  } catch (error) {
    if (error.code !== "CONFLICT") throw error;
    toast(t("nothingNew", { title }));
  }
}

// -- drawing ----------------------------------------------------------------------------------------------------------

/** How much is open, for the tab and the window's title. */
export const left = () => count("pending") + count("downloading");

export function draw() {
  const badge = $("#state");
  put(badge, t(`state.${state}`));
  badge.dataset.is = state;
  for (const [does, shown] of [["start", "stopped"], ["pause", "running"], ["resume", "paused"], ["stop", "running paused"]]) {
    $(`[data-queue=${does}]`).hidden = !shown.includes(state);
  }
  $("#why").hidden = !reason;
  put($("#why"), reason);
  const loading = having("downloading");
  const rate = loading.reduce((sum, item) => sum + (item.speed_mbps ?? 0), 0);
  const facts = [["downloading", "is.downloading"], ["pending", "waits"]].filter(([status]) => count(status)).map(([status, key]) => `${t(key)}: ${number(count(status))}`);
  put($("#sum span:last-child"), [...facts, ...(rate ? [speed(rate)] : []), ...(beyond.pending ? [tn("more", beyond.pending)] : [])].join(" · "));
  $("#idle").hidden = left() > 0;

  const pending = having("pending").sort((a, b) => ORDER.indexOf(a.priority) - ORDER.indexOf(b.priority) || serial(a) - serial(b));
  rows($("#work"), [...loading.sort((a, b) => serial(a) - serial(b)), ...pending]);
  const finished = having("completed").sort((a, b) => (b.finished_at ?? "").localeCompare(a.finished_at ?? "") || serial(b) - serial(a));
  for (const [status, list] of [["failed", having("failed")], ["completed", finished]]) {
    const part = $(`#${status}`);
    part.hidden = !list.length;
    put($(".count", part), number(count(status)));
    rows($("ul", part), list);
  }
}

function rows(list, wanted) {
  sync(list, wanted, (item) => item.queue_item_id, create, update);
}

function create(item) {
  const node = make("item");
  put($(".title", node), item.anime_title);
  put($(".code", node), item.episode);
  for (const [selector, key] of [["select", "priorityOf"], ["[data-do=retry]", "retryOf"], ["[data-do=remove]", "removeOf"], ["progress", "progressOf"]]) {
    $(selector, node).ariaLabel = t(key, { name: name(item) });
  }
  return node;
}

function update(node, item) {
  const active = item.status === "downloading";
  const [select, retry, bar, line] = ["select", "[data-do=retry]", "progress", ".soft"].map((selector) => $(selector, node));
  const told = item.status === "failed" ? item.error_message : active ? "" : item.reason; // by the server, in English
  node.dataset.is = item.status;
  select.hidden = !active && item.status !== "pending";
  if (select !== document.activeElement) select.value = item.priority;
  retry.hidden = item.status !== "failed";
  bar.hidden = !active;
  if (item.progress_percent == null) bar.removeAttribute("value");
  else bar.value = item.progress_percent;
  line.lang = told ? "en" : "";
  put(line, told || facts(item, active).join(" · "));
  line.hidden = !line.textContent;
}

function facts(item, active) {
  if (item.status === "completed") return item.total_bytes ? [size(item.total_bytes)] : [];
  if (!active) return [];
  if (!item.downloaded_bytes) return [t("starting")];
  const found = [item.total_bytes ? t("sizeOf", { done: size(item.downloaded_bytes), total: size(item.total_bytes) }) : size(item.downloaded_bytes)];
  if (item.progress_percent != null) found.unshift(percent(item.progress_percent));
  if (item.speed_mbps) found.push(speed(item.speed_mbps));
  if (item.eta_seconds != null) found.push(t("remaining", { time: span(item.eta_seconds) }));
  return found;
}

// -- doing ------------------------------------------------------------------------------------------------------------

const CALLS = { start: ["start"], stop: ["stop"], pause: ["pause", { paused: true }], resume: ["pause", { paused: false }] };

async function command(does) {
  const button = $(`[data-queue=${does}]`);
  const [path, body] = CALLS[does];
  await run(button, () => call("POST", `queue/${path}`, body));
}

$("#queue").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { queue, clear, do: does } = button.dataset;
  const id = button.closest("li")?.dataset.key;
  if (queue) command(queue).then(() => button.hidden && $("#queue-title").focus({ preventScroll: true }));
  else if (clear) run(button, () => call("DELETE", `queue?status=${clear}`));
  else if (does === "retry") run(button, () => call("POST", `queue/${id}/retry`));
  else if (does === "remove") run(button, () => call("DELETE", `queue/${id}`));
});

$("#queue").addEventListener("change", ({ target }) => {
  run(target, () => call("PUT", `queue/${target.closest("li").dataset.key}`, { priority: target.value }));
});
