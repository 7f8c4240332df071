// What several views do to the queue: commands to it as a whole, and putting episodes into it.

import { callApi } from "./api.js";
import { runAction, showToast } from "./feedback.js";
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

let retractStart = () => {}; // takes "Start now" away from the last toast

/** Whether a command is possible now. */
export const isPossible = (command) => COMMAND_STATES[command].includes(queue.state);

/** Send a command to the queue as a whole; the control that asked for it is busy meanwhile. */
export function sendCommand(command, control) {
  const [path, body] = COMMAND_CALLS[command];
  return runAction(control, () => callApi("POST", path, body));
}

/** A toast offers nothing that was done already. */
export function retractOldOffers() {
  if (queue.state !== "stopped") retractStart();
}

/**
 * Queue episodes of a series, and say so; the toast starts a queue that is stopped, and else takes
 * the episodes back.
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
  const start = { text: t("startNow"), run: () => sendCommand("start", document.body) };
  const action = queue.state === "stopped" ? start : undefined;
  retractStart = showToast(tn("queued", added.length, { title }), { action });
}
