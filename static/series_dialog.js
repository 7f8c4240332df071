// The dialog of one series: its episodes, which of them are missing, and queueing them.

import { callApi } from "./api.js";
import { $, makeFromTemplate, setHidden, setText, syncList } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatNumber, t } from "./i18n.js";
import * as queue from "./queue.js";
import * as files from "./series_files.js";

const dialog = $("#series-dialog");
const heading = $("#dialog-title");
let series = null; // as GET /api/v1/anime/{id} answers it

const QUEUE_STATES = ["pending", "downloading", "failed"];

/**
 * Show the dialog of a series.
 * @param {string} id
 * @param {() => void} onChange called when its source, numbers or files have been changed
 */
export async function open(id, onChange) {
  await load(id, onChange);
  $("#only-missing").checked = series.episode_list.some(isLacking);
  $("#episodes").replaceChildren();
  dialog.showModal();
  dialog.scrollTop = 0;
  heading.focus();
  draw();
}

export const close = () => dialog.close();

async function load(id, onChange) {
  series = await callApi("GET", `v1/anime/${id}`);
  setText(heading, series.title);
  setText($("#dialog-description"), series.description);
  const link = $("#dialog-site");
  link.hidden = !siteHost(series.site);
  link.href = siteHost(series.site) ? series.site : "";
  setText(link, t("sourceSite"));
  await files.show(series, async () => {
    await load(id, onChange);
    draw();
    onChange();
  });
}

/** The host of a link that may be followed, else "": a source could send anything. */
export function siteHost(site) {
  const url = URL.canParse(site) ? new URL(site) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : "";
}

// -- drawing --------------------------------------------------------------------------------------

/** Show the episodes as the series and the queue are known now. */
export function draw() {
  if (!series || !dialog.open) return;
  updateStates();
  const episodes = series.episode_list;
  const counted = episodes.filter(isCounted);
  const present = counted.filter((episode) => episode.state === "present");
  const counts = { have: formatNumber(present.length), total: formatNumber(counted.length) };
  setText($("#dialog-count"), t("haveOfTotal", counts));
  setHidden($("#get-all"), !episodes.some((episode) => episode.state === "missing"), heading);
  const listed = $("#only-missing").checked ? episodes.filter(isLacking) : episodes;
  $("#episodes-empty").hidden = listed.length > 0;
  const key = (episode) => episode.code;
  syncList($("#episodes"), listed, { key, create: createRow, update: updateRow });
}

/** Bring the episodes' states up to date with the queue, which knows what happened since. */
function updateStates() {
  const statuses = queue.statusByEpisode(series.id);
  for (const episode of series.episode_list) {
    const status = statuses.get(episode.code);
    const wasQueued = QUEUE_STATES.includes(episode.state);
    if (status === "completed") {
      if (wasQueued) episode.state = "present";
    } else if (status) {
      if (episode.state !== "present") episode.state = status;
    } else if (wasQueued && queue.isWhole()) {
      episode.state = "missing"; // its item was removed
    }
  }
}

const isLacking = ({ state }) => !["present", "upcoming", "special"].includes(state);

/** Whether an episode counts: no special (season 0, or a number with a point), nor upcoming. */
const isCounted = ({ code, state }) => !/^S0+E|\./.test(code) && state !== "upcoming";

function createRow(episode) {
  const { code, path, state, title, why } = episode;
  const row = makeFromTemplate("episode-row");
  setText($(".code", row), code);
  setText($(".title", row), state === "ambiguous" ? `${path}: ${why}` : title);
  $("button", row).ariaLabel = t("getEpisode", { episode: code, title: series.title });
  return row;
}

function updateRow(row, episode) {
  const badge = $(".badge", row);
  setText(badge, t(`status.${episode.state}`));
  badge.dataset.state = episode.state;
  badge.title = episode.why;
  const isHere = ["present", "pending", "downloading"].includes(episode.state);
  const next = row.nextElementSibling;
  setHidden($("button", row), isHere, (next && $("button:not([hidden])", next)) ?? heading);
}

// -- actions --------------------------------------------------------------------------------------

const addEpisodes = (button, episodes) =>
  runAction(button, () => queue.addEpisodes(series.id, series.title, episodes));

$("#episodes").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) addEpisodes(button, [button.closest("li").dataset.key]);
});
$("#get-all").onclick = ({ currentTarget: button }) => addEpisodes(button, ["missing"]);
$("#only-missing").onchange = draw;
dialog.onclose = () => document.body.append($("#toasts")); // which was in the dialog
