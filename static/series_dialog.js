// The dialog of one series: its episodes, which of them are missing, and queueing them.

import { callApi } from "./api.js";
import { $, makeFromTemplate, setHidden, setText, siteHost, syncList } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t } from "./i18n.js";
import * as queue from "./queue.js";
import * as files from "./series_files.js";

const dialog = $("#series-dialog");
const heading = $("#dialog-title");
let series = null; // as GET /api/v1/anime/{id} answers it
let reportChange = () => {}; // tells the opener that its source, numbers, files or counts changed

const QUEUE_STATES = ["pending", "downloading", "failed"];

/**
 * Show the dialog of a series.
 * @param {string} id
 * @param {() => void} onChange called when its source, numbers, files or counts have changed
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

async function load(id, onChange) {
  reportChange = onChange;
  series = await callApi("GET", `v1/anime/${id}`);
  setText(heading, series.title);
  setText($("#dialog-description"), series.description);
  const link = $("#dialog-site");
  link.hidden = !siteHost(series.site);
  link.href = siteHost(series.site) ? series.site : "";
  setText(link, t("sourceSite"));
  drawListChange(series.list_change);
  await files.show(series, async () => {
    await load(id, onChange);
    draw();
    reportChange();
  });
}

/** Tell what the source's list takes away, while that is not believed yet. */
function drawListChange(change) {
  $("#list-change").hidden = !change;
  if (!change) return;
  const [gone, moved] = [change.gone, change.moved].map((codes) => formatNumber(codes.length));
  setText($("#list-change span"), t("listChange", { gone, moved }));
  $("#list-change").title = [...change.gone, ...change.moved].join(", ");
}

$("#list-change button").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    await callApi("PUT", `v1/anime/${series.id}/link`, { accept_list: true });
    await load(series.id, reportChange);
    draw();
    reportChange();
    heading.focus();
  });

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
      if (episode.isReplaced) episode.changed = episode.isReplaced = false;
    } else if (status) {
      if (episode.state !== "present") episode.state = status;
      else episode.isReplaced = isOpen(status);
    } else if (wasQueued && queue.isWhole()) {
      episode.state = "missing"; // its item was removed
    }
  }
}

const isOpen = (status) => ["pending", "downloading"].includes(status);

const isLacking = ({ state }) => !["present", "upcoming", "special", "ignored"].includes(state);

/** Whether an episode counts: no special (season 0, or a number with a point), nor upcoming. */
const isCounted = ({ code, state, ignored }) =>
  !/^S0+E|\./.test(code) && state !== "upcoming" && !ignored;

function createRow(episode) {
  const { code, path, state, title, why } = episode;
  const names = { episode: code, title: series.title };
  const row = makeFromTemplate("episode-row");
  setText($(".code", row), code);
  setText($(".title", row), state === "ambiguous" ? `${path}: ${why}` : title);
  $("[data-action=add]", row).ariaLabel = t("getEpisode", names);
  $("[data-action=replace]", row).ariaLabel = t("replaceEpisode", names);
  return row;
}

function updateRow(row, episode) {
  const badge = $(".badge", row);
  const isChanged = episode.state === "present" && episode.changed;
  setText(badge, isChanged ? t("changedAtSource") : t(`status.${episode.state}`));
  badge.dataset.state = isChanged ? "missing" : episode.state;
  badge.title = episode.why;
  const next = row.nextElementSibling;
  const heir = (next && $("button:not([hidden])", next)) ?? heading;
  const cannotBeFetched = ["present", "pending", "downloading", "wanted", "ignored"];
  setHidden($("[data-action=add]", row), cannotBeFetched.includes(episode.state), heir);
  const isReplaceable = isChanged && !isOpen(queue.statusByEpisode(series.id).get(episode.code));
  setHidden($("[data-action=replace]", row), !isReplaceable, heir);
  const ignore = $("[data-action=ignore]", row);
  setText(ignore, t(episode.ignored ? "unignore" : "ignore"));
  ignore.ariaLabel = `${ignore.textContent}: ${episode.code}`;
  const isInUse = !series.source || ["present", "pending", "downloading"].includes(episode.state);
  setHidden(ignore, isInUse && !episode.ignored, heir);
}

// -- actions --------------------------------------------------------------------------------------

const addEpisodes = (button, episodes, options) =>
  runAction(button, () => queue.addEpisodes(series.id, series.title, episodes, options));

$("#episodes").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const code = button.closest("li").dataset.key;
  if (button.dataset.action === "add") addEpisodes(button, [code]);
  else if (button.dataset.action === "replace") addEpisodes(button, [code], { replace: true });
  else runAction(button, () => toggleIgnored(code));
});

/** Ignore an episode, or count it again. */
async function toggleIgnored(code) {
  const episode = series.episode_list.find((episode) => episode.code === code);
  const body = { ignored: !episode.ignored };
  const path = `v1/anime/${series.id}/episodes/${code}`;
  Object.assign(episode, (await callApi("PUT", path, body)).data);
  draw();
  reportChange();
}

$("#get-all").onclick = ({ currentTarget: button }) => addEpisodes(button, ["missing"]);
$("#only-missing").onchange = draw;
dialog.onclose = () => document.body.append($("#toasts")); // which was in the dialog
