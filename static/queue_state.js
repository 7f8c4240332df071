// The queue as the socket tells it: counts by series, and those of its items that matter now.

import { callApi } from "./api.js";
import { announce } from "./feedback.js";
import { t } from "./i18n.js";
import { renewSnapshot, requestSnapshot } from "./socket.js";

const MOST_PENDING = 2000; // that are kept; more are only counted
const KEPT = { completed: 100, failed: 500 }; // finished items that are kept
const SAMPLES = 120; // of the speed
const SAMPLE_MS = 1000;
const STATUSES = ["pending", "downloading", "completed", "failed"];

/**
 * What is known of the queue. `items` has all that are loading, and of the others those that were
 * told of; `groups` counts all of them by series; `resting` are the sources that are left alone.
 */
export const queue = {
  state: "stopped",
  reason: "",
  isLoaded: false,
  /** @type {Map<string, any>} queue_item_id -> item, as GET /api/queue lists it */
  items: new Map(),
  /** @type {Map<string, any>} anime_id -> group, as GET /api/queue/groups lists it */
  groups: new Map(),
  /** @type {Map<string, any>} name -> source */
  resting: new Map(),
  /** @type {number[]} Mbit/s, a second apart, the newest last */
  speeds: [],
};
let snapshotTime = "";
let seal = localStorage.getItem("aniworld.pictures") ?? ""; // the last one that was told
let sampledAt = 0;

// -- questions ------------------------------------------------------------------------------------

/** How many items have one of these statuses. */
export function countItems(...statuses) {
  let count = 0;
  for (const group of queue.groups.values()) for (const status of statuses) count += group[status];
  return count;
}

export const countOpen = () => countItems("pending", "downloading");

/** How many items of a series wait or are loading. */
export function countOpenOf(seriesId) {
  const group = queue.groups.get(seriesId);
  return group ? group.pending + group.downloading : 0;
}

export const itemsWith = (status) =>
  [...queue.items.values()].filter((item) => item.status === status);

export const isDownloading = () => itemsWith("downloading").length > 0;

/** Mbit/s of all transfers together. */
export function currentSpeed() {
  let speed = 0;
  for (const item of itemsWith("downloading")) speed += item.speed_mbps ?? 0;
  return speed;
}

/** Seconds until the queue is done, as far as its sizes are known; null while nobody can tell. */
export function secondsLeft() {
  const speed = currentSpeed();
  let [bytes, unknown, open] = [0, 0, 0];
  for (const group of queue.groups.values()) {
    bytes += group.open_bytes;
    unknown += group.unknown_sizes;
    open += group.pending + group.downloading;
  }
  if (!speed || !open || unknown >= open) return null;
  bytes *= open / (open - unknown);
  for (const item of itemsWith("downloading")) bytes -= item.downloaded_bytes ?? 0;
  return Math.max(0, (bytes * 8e-6) / speed);
}

export const itemName = (item) => `${item.anime_title} ${item.episode}`;

/** What the addresses of pictures have to bear, as the last snapshot told. */
export const pictureSeal = () => seal;

// -- counts ---------------------------------------------------------------------------------------

function groupOf({ anime_id: id, anime_title: title }) {
  if (!queue.groups.has(id)) {
    const counts = { pending: 0, downloading: 0, completed: 0, failed: 0 };
    const sizes = { open_bytes: 0, unknown_sizes: 0 };
    queue.groups.set(id, { anime_id: id, anime_title: title, ...counts, ...sizes });
  }
  return queue.groups.get(id);
}

const isOpen = (status) => status === "pending" || status === "downloading";

/** Count an item in another status than before; null stands for no item. */
function recount(item, before, after) {
  const group = groupOf(item);
  if (before) group[before] = Math.max(0, group[before] - 1);
  if (after) group[after] += 1;
  const change = Number(isOpen(after)) - Number(isOpen(before));
  if (item.total_bytes)
    group.open_bytes = Math.max(0, group.open_bytes + change * item.total_bytes);
  else group.unknown_sizes = Math.max(0, group.unknown_sizes + change);
  if (!STATUSES.some((status) => group[status])) queue.groups.delete(group.anime_id);
}

/** Take in an item as it is now; `before` is its former status where it was not kept here. */
function take(item, before = null) {
  const known = queue.items.get(item.queue_item_id);
  const former = known?.status ?? before;
  if (former !== item.status) recount(item, former, item.status);
  const isKept = item.status !== "pending" || known || queue.items.size < MOST_PENDING;
  if (isKept) queue.items.set(item.queue_item_id, item);
  const most = KEPT[item.status];
  if (most && former !== item.status) forgetOldest(item.status, most);
}

/** A page may stay open for weeks: of what is finished the newest are kept. */
function forgetOldest(status, most) {
  const ended = itemsWith(status);
  if (ended.length <= most * 1.5) return;
  const endOf = (item) => item.finished_at ?? "";
  ended.sort((a, b) => (endOf(a) < endOf(b) ? -1 : Number(endOf(a) > endOf(b))));
  for (const item of ended.slice(0, -most)) queue.items.delete(item.queue_item_id);
}

// -- messages -------------------------------------------------------------------------------------

const messageHandlers = {
  snapshot({ items, groups, status, sources = [], pictures = seal }, timestamp) {
    if (pictures !== seal) localStorage.setItem("aniworld.pictures", (seal = pictures));
    queue.items = new Map(items.map((item) => [item.queue_item_id, item]));
    queue.groups = new Map(groups.map((group) => [group.anime_id, group]));
    queue.resting = new Map(sources.map((source) => [source.name, source]));
    queue.isLoaded = true;
    snapshotTime = timestamp;
    setState(status);
  },

  queue_items({ items }) {
    for (const item of items) {
      const isKnown = queue.items.has(item.queue_item_id);
      if (isKnown || item.created_at >= snapshotTime) take(item);
      // The snapshot counted it, or may have: under which status nobody knows here.
      if (!isKnown && item.created_at <= snapshotTime) requestSnapshot();
    }
  },

  queue_removed({ items: ids }) {
    for (const id of ids) {
      const item = queue.items.get(id);
      if (!item) requestSnapshot();
      else recount(item, item.status, null);
      queue.items.delete(id);
    }
  },

  queue_order() {
    renewSnapshot();
  },

  queue_state(status) {
    if (status.state !== queue.state) announce(t(`queueState.${status.state}`));
    setState(status);
  },

  source_state(source) {
    if (source.state === "resting") queue.resting.set(source.name, source);
    else queue.resting.delete(source.name);
  },

  download_started(started) {
    const known = queue.items.get(started.queue_item_id);
    const changes = { ...started, status: "downloading", reason: "" };
    take({ priority: "normal", ...known, ...changes }, "pending");
    announce(t("downloadStarted", { name: itemName(started) }));
  },

  download_progress(progress) {
    const item = queue.items.get(progress.queue_item_id);
    if (item?.status !== "downloading") return;
    Object.assign(item, progress);
    sampleSpeed();
  },

  download_completed({ queue_item_id: id, total_bytes, reason }, timestamp) {
    const known = queue.items.get(id);
    if (!known) return requestSnapshot();
    take({ ...known, status: "completed", reason, total_bytes, finished_at: timestamp });
    announce(t("downloadCompleted", { name: itemName(known) }));
  },

  download_error(failed) {
    take(failed, "downloading");
    announce(t("downloadFailed", { name: itemName(failed) }));
  },
};

/** Take in a message of the socket. Returns what changed: "progress", "queue" or nothing. */
export function handleMessage({ type, data, timestamp }) {
  if (!messageHandlers[type]) return null;
  messageHandlers[type](data, timestamp);
  return type === "download_progress" ? "progress" : "queue";
}

function setState({ state, reason }) {
  queue.state = state;
  queue.reason = reason;
  if (state !== "running") queue.speeds = [];
}

function sampleSpeed() {
  const now = performance.now();
  if (now - sampledAt < SAMPLE_MS) return;
  sampledAt = now;
  queue.speeds.push(currentSpeed());
  if (queue.speeds.length > SAMPLES) queue.speeds.shift();
}

/** Ask the API for the queue, where the socket does not come through. */
export async function loadFromApi() {
  const paths = ["queue/status", "queue?per_page=100", "queue/groups", "providers"];
  const answers = await Promise.all(paths.map((path) => callApi("GET", path)));
  const [status, items, groups, sources] = answers.map((answer) => answer.data);
  const resting = sources.filter(({ state }) => state === "resting");
  messageHandlers.snapshot({ status, items, groups, sources: resting }, "");
}
