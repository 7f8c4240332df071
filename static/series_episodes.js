// One episode as a row, and what is to be said of it in sentences.

import { $, h, icon, isDrawn, setHidden, setText } from "./dom.js";
import { formatDay } from "./formats.js";
import { t } from "./i18n.js";
import { describeFile, describeReason } from "./reasons.js";

const NOT_FETCHABLE = ["present", "pending", "downloading", "wanted", "ignored"];

/** The state of an episode as it is shown: one that is here may be another at its source. */
export function stateOf({ state, changed, isReplaced, item }) {
  if (state !== "present" || !changed) return state;
  return isReplaced ? item.status : "changed";
}

export function makeEpisodeRow(episode, series) {
  const { code, state, path, title } = episode;
  const names = { episode: code, title: series.title };
  const button = (action, label, ...content) =>
    h("button", { type: "button", data: { action }, ariaLabel: label }, ...content);
  const shown = state === "ambiguous" ? path : title;
  return h(
    "li.line-row.episode-row",
    {},
    h("p.text", {}, h("b.code", {}, code), " ", h("span.title", {}, shown)),
    h("span.badge"),
    button("add", t("getEpisode", names), icon("get"), t("get")),
    button("replace", t("replaceEpisode", names), t("replace")),
    h("button.plain", { type: "button", data: { action: "ignore" } }),
    h("p.soft.why"),
  );
}

export function updateEpisodeRow(row, episode) {
  const state = stateOf(episode);
  const reason = reasonOf(episode);
  if (isDrawn(row, state, episode.state, episode.ignored, reason.text)) return;
  const badge = $(".badge", row);
  setText(badge, t(`status.${state}`));
  badge.dataset.state = state === "changed" ? "missing" : state;
  const heading = row.closest("section")?.querySelector("h2");
  const next = row.nextElementSibling;
  const heir = (next && $("button:not([hidden])", next)) ?? heading;
  setHidden($("[data-action=add]", row), NOT_FETCHABLE.includes(episode.state), heir);
  setHidden($("[data-action=replace]", row), state !== "changed", heir);
  const ignore = $("[data-action=ignore]", row);
  setText(ignore, t(episode.ignored ? "unignore" : "ignore"));
  const label = `${ignore.textContent}: ${episode.code}`;
  if (ignore.ariaLabel !== label) ignore.ariaLabel = label;
  const isInUse = ["present", "pending", "downloading"].includes(episode.state);
  setHidden(ignore, isInUse && !episode.ignored, heir);
  const why = $(".why", row);
  setText(why, reason.text);
  why.lang = reason.isEnglish ? "en" : "";
  why.hidden = !reason.text;
}

/** Why it has failed, or why its file is not sure. */
function reasonOf({ state, item, why }) {
  if (state === "failed" && item) return describeReason(item.error_message, item.error_code);
  return { text: state === "ambiguous" ? describeFile(why) : "", isEnglish: false };
}

/** Sentences about an episode: when it aired, which file holds it, why, who has it. */
export function describeEpisode(episode, { sources }) {
  const sentences = [];
  if (episode.aired) sentences.push(t("airedOn", { day: formatDay(episode.aired) }));
  if (episode.path) sentences.push(t("liesAt", { path: episode.path }));
  if (episode.why && episode.state !== "ambiguous")
    sentences.push(t("readSo", { why: describeFile(episode.why) }));
  const names = episode.sources.length ? episode.sources.join(", ") : "";
  if (names) sentences.push(t("hadBy", { names }));
  else if (sources.length) sentences.push(t("hadByNobody"));
  return sentences;
}
