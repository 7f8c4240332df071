// The system: how the server, its disks and its sources are.

import { callApi } from "./api.js";
import { freeRoomOf, stateOfSource } from "./deck.js";
import { h, loadStyle } from "./dom.js";
import { runAction, showRefusal } from "./feedback.js";
import { formatDuration, formatNumber, formatSize, formatTime } from "./formats.js";
import { t, tn } from "./i18n.js";
import { describeReason, loadSentences, makeSentence } from "./reasons.js";
import { href } from "./router.js";
import { makeLog } from "./system_log.js";
import "./settings_sources_texts.js";
import "./system_texts.js";

/** What is looked at beside the sources, which have names of their own. */
const AREAS = [
  "anime_directory",
  "download_directory",
  "state",
  "server",
  "clock",
  "descriptors",
  "proxy",
  "sources",
];
const SOURCE = "source "; // with which the area of a source begins
/** The colour of each state of a check; the worst comes first. */
const CHECK_STATES = { problem: "failed", warning: "missing", note: "pending", ok: "ok" };

export async function open(root) {
  const [health, sources] = await Promise.all([
    callApi("GET", "../health/detailed"),
    callApi("GET", "providers"),
    loadStyle("settings.css"),
    loadSentences(),
  ]);
  const facts = [
    [t("version"), health.version],
    [t("uptime"), formatDuration(health.uptime_seconds)],
    [t("database"), `${formatNumber(health.database.response_time_ms)} ms`],
  ];
  const room = freeRoomOf(health);
  if (room != null) facts.push([t("freeOnDisk"), formatSize(room)]);
  const pairs = facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
  const checks = h(
    "section.card",
    { id: "tried" },
    h("h2", {}, t("checks")),
    h("p.soft", {}, t("trying")),
  );
  const asking = new AbortController();
  root.classList.add("narrow");
  root.append(
    h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("system"))),
    h("div.card", {}, h("dl.key-values", {}, pairs)),
    checks,
    h(
      "section.card",
      {},
      h("h2", {}, t("sources")),
      h("ul.rows", { id: "sources" }, sources.data.map(makeSource)),
      sources.data.length ? null : h("p.soft", {}, t("noSource")),
    ),
    makeLog(),
    h("footer", {}, h("a", { href: href("api/docs"), target: "_self" }, t("docs"))),
  );
  showChecks(checks, asking.signal);
  return { title: t("system"), close: () => asking.abort() };
}

/** What the server tries on this machine, which takes a while where a source hangs. */
async function showChecks(card, signal) {
  try {
    const { data } = await callApi("GET", "system", null, { signal });
    const states = Object.keys(CHECK_STATES);
    const checks = data.checks.sort((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
    card.lastChild.replaceWith(h("ul.rows", { id: "checks" }, checks.map(makeCheck)));
  } catch (refusal) {
    showRefusal(refusal);
  }
}

function makeCheck({ area, state, message, fix }) {
  const ofSource = area.startsWith(SOURCE) && { name: area.slice(SOURCE.length) };
  const known = AREAS.includes(area) ? t(`area.${area}`) : area;
  const name = ofSource ? t("areaOfSource", ofSource) : known;
  const lines = [h("b", {}, name), makeSentence("p", message)];
  if (fix) lines.push(makeSentence("p.soft", fix));
  const badge = h("span.badge", { data: { state: CHECK_STATES[state] } }, t(`check.${state}`));
  return h("li.line-row", {}, badge, h("div.text", {}, lines));
}

function makeSource(source) {
  const { name, type, url, state, reason, until, series } = source;
  const shown = stateOfSource(source);
  const facts = [type, url, tn("seriesCount", series)].filter(Boolean);
  const row = h(
    "li.line-row",
    {},
    h("p.text", {}, h("b", {}, name), " ", h("span.soft", {}, facts.join(" · "))),
    h("span.badge", { data: { state: shown } }, t(`sourceState.${shown}`)),
  );
  if (shown === "silent") row.append(h("p.soft", {}, describeReason(reason, null).text));
  if (state !== "resting") return row;
  const retry = h("button", { type: "button", ariaLabel: t("tryNowAt", { name }) }, t("tryNow"));
  retry.onclick = () =>
    runAction(retry, async () => {
      const { data } = await callApi("POST", `providers/${name}/retry`);
      row.replaceWith(makeSource(data));
    });
  const time = until ? formatTime(new Date(until)) : "";
  const { text } = describeReason(reason, null);
  row.append(retry, h("p.soft", {}, t("restsBecause", { time, reason: text })));
  return row;
}
