// What several views do to the queue: commands to it as a whole, and putting episodes into it.

import { callApi } from "./api.js";
import { runAction, showToast } from "./feedback.js";
import { formatSize } from "./formats.js";
import { t, tn } from "./i18n.js";
import { queue } from "./queue_state.js";

const COMMAND_CALLS = {
  start: ["queue/start"],
  stop: ["queue/stop"],
  pause: ["queue/pause", { paused: true }],
  resume: ["queue/pause", { paused: false }],
};
const COMMAND_STATES = {
  start: ["stopped"],
  pause: ["running"],
  resume: ["paused"],
  stop: ["running", "paused"],
};

let retract = (name) => {}; // takes an offer away from the last toast

/** Whether a command is possible now. */
export const isPossible = (command) => COMMAND_STATES[command].includes(queue.state);

/** Send a command to the queue as a whole; the control that asked for it is busy meanwhile. */
export function sendCommand(command, control) {
  const [path, body] = COMMAND_CALLS[command];
  return runAction(control, () => callApi("POST", path, body));
}

/** A toast offers nothing that was done already. */
export function retractOldOffers() {
  if (queue.state !== "stopped") retract("start");
}

/**
 * Queue episodes of a series, and say so.
 * @param {string} seriesId
 * @param {string} title
 * @param {string[]} episodes codes, seasons, or ["missing"]
 */
export async function addEpisodes(seriesId, title, episodes, options = {}) {
  let added;
  try {
    const body = { anime_id: seriesId, episodes, ...options };
    added = (await callApi("POST", "queue/add", body)).data.items;
  } catch (error) {
    if (error.code !== "CONFLICT") throw error;
    return showToast(t("nothingQueued", { title }));
  }
  offerUndo(tn("queued", added.length, { title }), added);
}

/** Queue all that is missing in the library, once its reader has seen how much that is. */
export async function addEverything(freeBytes) {
  const { data: told } = await callApi("GET", "queue/missing");
  const { ask } = await import("./dialogs.js");
  if (!told.episodes) return showToast(t("everythingQueued"));
  const size = formatSize(told.bytes);
  const isPartly = told.unknown_sizes > 0;
  const facts = [isPartly ? t("sizeAtLeast", { size }) : t("sizeInAll", { size })];
  if (freeBytes != null) facts.push(t("freeNow", { size: formatSize(freeBytes) }));
  if (freeBytes != null && told.bytes > freeBytes) facts.push(t("tooLarge"));
  const series = tn("seriesCount", told.series);
  const question = tn("getEverything", told.episodes, { series });
  if (!(await ask(question, facts.join(" "), t("get")))) return;
  const { data } = await callApi("POST", "queue/missing");
  offerUndo(tn("queuedAll", data.items.length), data.items);
}

/** Say that items were queued: a click takes them back, or starts a queue that is stopped. */
function offerUndo(text, items) {
  const undo = async () => {
    const { data } = await callApi("POST", "queue/remove", { items });
    showToast(tn("takenBack", data.count));
  };
  const action = { name: "undo", text: t("undo"), run: () => runAction(document.body, undo) };
  tellAndOfferStart(text, [action]);
}

/** Say what was put in motion; a queue that is stopped has to be started for it. */
export function tellAndOfferStart(text, actions = []) {
  const run = () => sendCommand("start", document.body);
  const start = { name: "start", text: t("startNow"), run };
  retract = showToast(text, { actions: queue.state === "stopped" ? [...actions, start] : actions });
}
