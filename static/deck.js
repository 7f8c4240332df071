// The deck: a strip that stays in sight and tells how the queue is: its state, the item that is
// loading, the speed of the last minutes, the time and the room that are left, and the sources.

import { callApi } from "./api.js";
import { isPossible, sendCommand } from "./commands.js";
import { $, h, setText, syncList } from "./dom.js";
import { formatDuration, formatNumber, formatPercent } from "./formats.js";
import { formatSize, formatSpeed, formatTime } from "./formats.js";
import { t, tn } from "./i18n.js";
import { countItems, countOpen, currentSpeed, itemName, itemsWith } from "./queue_state.js";
import { queue, secondsLeft } from "./queue_state.js";
import { describeReason, loadReasons } from "./reasons.js";

const DISK_EVERY_MS = 60_000; // at most, asked after a download has ended
const COMMANDS = ["start", "pause", "resume"];

const deck = $("#deck");
const mainButton = $("#deck-command");
let sources = null; // as GET /api/providers lists them
let asking = 0; // calls for them that are under way
let freeBytes = null;
let diskAskedAt = -Infinity;

/** Ask for what the socket does not tell: the sources, and the room on the disk. */
export async function loadDeck() {
  asking += 1;
  try {
    const [known] = await Promise.all([callApi("GET", "providers"), askForDisk()]);
    sources = known.data;
  } finally {
    asking -= 1;
  }
  drawDeck();
}

/** How a source is to be shown: one that did not answer when it was asked last is silent. */
export const stateOfSource = ({ state, reason }) =>
  state === "unknown" && reason ? "silent" : state;

/** All sources were asked, and these did not answer: ask how they are where that is news. */
export function noteAnswers(silent) {
  const isNews = (source) => {
    const known = stateOfSource(source);
    const state = silent.includes(source.name) ? "silent" : "ok";
    return known !== state && ["ok", "silent", "unknown"].includes(known);
  };
  if (sources?.some(isNews)) loadDeck().catch(() => {});
}

/** Whether the sources are known, or asked for right now. */
export const sourcesAreAsked = () => Boolean(sources) || asking > 0;

/** The room on the disk, null while that is not known. */
export const freeRoom = () => freeBytes;

/** Whether a source is set up; undefined before that was asked. */
export const sourcesAreKnown = () => sources && sources.length > 0;

/** The room on the disk as the server's health tells it, null while it does not know. */
export function freeRoomOf({ filesystem }) {
  const { status, disk_free_gb: free } = filesystem ?? {};
  return free == null || (!free && status === "inaccessible") ? null : free * 1e9;
}

async function askForDisk() {
  if (Date.now() - diskAskedAt < DISK_EVERY_MS) return;
  diskAskedAt = Date.now();
  freeBytes = freeRoomOf(await callApi("GET", "../health/detailed").catch(() => ({})));
}

/** Take in a message of the socket: a file that came has taken room. */
export function handleMessage({ type, data }) {
  if (type === "download_completed") askForDisk();
  if (type === "rescan_completed") noteAnswers(data.unavailable);
}

/** Show the queue as it is known now. */
export function drawDeck() {
  deck.dataset.state = queue.resting.size && queue.state === "running" ? "resting" : queue.state;
  const command = COMMANDS.find(isPossible);
  mainButton.dataset.command = command;
  mainButton.ariaLabel = t(command);
  $("use", mainButton).setAttribute("href", command === "pause" ? "#i-pause" : "#i-play");
  mainButton.hidden = !queue.isLoaded || (command === "start" && !countOpen());
  const [item] = itemsWith("downloading");
  setText($("#deck-title"), item ? itemName(item) : describeState());
  setText($("#deck-line"), describeProgress(item));
  const bar = $("#deck-bar");
  bar.hidden = !item;
  if (item?.progress_percent == null) bar.removeAttribute("value");
  else bar.value = item.progress_percent;
  bar.ariaLabel = item ? t("progressOf", { name: itemName(item) }) : "";
  drawSpeed();
  setText($("#deck-disk"), freeBytes == null ? "" : t("freeRoom", { size: formatSize(freeBytes) }));
  drawSources();
}

/** The state of the queue in one sentence: whether something will happen, and else why not. */
export function describeState() {
  if (!queue.isLoaded) return "";
  const open = countOpen();
  if (queue.state !== "running") {
    const state = t(`queueState.${queue.state}`);
    return open ? `${state} · ${tn("waitingCount", open)}` : state;
  }
  if (queue.reason) return t("waits");
  const [rest] = queue.resting.values();
  if (open && rest)
    return t("waitsFor", { name: rest.name, time: formatTime(new Date(rest.until)) });
  return open ? t("queueState.running") : t("queueIdle");
}

function describeProgress(item) {
  if (queue.reason && !item) return sayReason();
  if (!item) return countItems("failed") ? tn("failedCount", countItems("failed")) : "";
  const facts = [];
  if (item.progress_percent != null) facts.push(formatPercent(item.progress_percent));
  const others = itemsWith("downloading").length - 1;
  if (others) facts.push(tn("moreLoading", others));
  if (countItems("pending")) facts.push(tn("waitingCount", countItems("pending")));
  if (countItems("failed")) facts.push(tn("failedCount", countItems("failed")));
  return facts.join(" · ");
}

let reasonsAreAsked = false;

/** Why the queue waits, in the reader's language; its sentences come when they are needed. */
function sayReason() {
  if (!reasonsAreAsked) loadReasons().then(drawDeck, () => {});
  reasonsAreAsked = true;
  return describeReason(queue.reason, null).text;
}

function drawSpeed() {
  const speed = currentSpeed();
  setText($("#deck-speed"), speed ? formatSpeed(speed) : "");
  const left = secondsLeft();
  setText($("#deck-left"), left == null ? "" : t("timeLeft", { time: formatDuration(left) }));
  const most = Math.max(1, ...queue.speeds);
  const points = queue.speeds.map((value, index) => {
    const x = 120 - queue.speeds.length + index;
    return `${x},${(23 - (value / most) * 21).toFixed(1)}`;
  });
  const graph = $("#deck-graph");
  graph.toggleAttribute("hidden", points.length < 3 || !speed);
  $("polyline", graph).setAttribute("points", points.join(" "));
}

function drawSources() {
  if (!sources) return;
  for (const source of sources) {
    const rest = queue.resting.get(source.name);
    if (rest) Object.assign(source, rest);
    else if (source.state === "resting") source.state = "ok";
  }
  syncList(
    $("#deck-sources"),
    sources.filter(({ state }) => state !== "off"),
    {
      key: ({ name }) => name,
      create: () => h("li", {}, h("span.dot"), h("span")),
      update(row, source) {
        row.dataset.state = stateOfSource(source);
        setText(row.lastChild, describeSource(source));
      },
    },
  );
}

function describeSource(source) {
  const { name, state, until } = source;
  const time = state === "resting" && until ? formatTime(new Date(until)) : "";
  if (time) return t("restsUntil", { name, time });
  return stateOfSource(source) === "silent" ? t("didNotAnswer", { name }) : name;
}

mainButton.onclick = () => sendCommand(mainButton.dataset.command, mainButton);
/** How many items wait or are loading, for the navigation. */
export const openCount = () => (countOpen() ? formatNumber(countOpen()) : "");
