// The sources: their list in the order in which they are preferred, and how each one is.

import { callApi } from "./api.js";
import { loadDeck, stateOfSource } from "./deck.js";
import { $, h } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatTime } from "./formats.js";
import { t, tn } from "./i18n.js";
import { describeReason } from "./reasons.js";
import { makeEntries } from "./settings_entries.js";
import { loadSettings } from "./settings_form.js";
import "./settings_form_texts.js";
import "./settings_sources_texts.js";

const ADDRESS = { name: "url", kind: "text", example: "http://nas.lan/shows/" };
const LOGIN = [
  { name: "username", kind: "text" },
  { name: "password", kind: "secret" },
];
const KEY = { name: "key", kind: "secret" };
const KINDS = {
  directory: [ADDRESS, ...LOGIN],
  webdav: [ADDRESS, ...LOGIN],
  jellyfin: [
    { ...ADDRESS, example: "http://nas.lan:8096/" },
    KEY,
    {
      name: "use",
      kind: "choice",
      options: ["files", "calendar"],
      textOf: (name) => t(`use.${name}`),
      hint: true,
    },
  ],
  aniworld: [{ ...ADDRESS, example: "https://friend.example/" }, KEY],
  feed: [
    { ...ADDRESS, example: "https://tube.example/feeds/videos.xml" },
    { name: "title", kind: "text", hint: true },
    { name: "query", kind: "text", hint: true },
  ],
  archive: [
    { ...ADDRESS, example: "https://archive.org/" },
    { name: "collection", kind: "text", example: "classic_tv" },
    { name: "query", kind: "text", label: "archiveQuery" },
  ],
  ytdlp: [
    { name: "urls", kind: "lines", hint: true, example: "https://media.example/channel/nature" },
    { name: "hosts", kind: "words", hint: true, example: "media.example" },
  ],
};

/** Give an entry the name that its owner may leave out. */
function complete(entry, entries) {
  if (entry.type === "archive" && !entry.url) delete entry.url; // the server knows it
  if (entry.name) return;
  const [url] = [entry.url, ...(entry.urls ?? [])].filter(Boolean);
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  const base = host.split(".")[0].replace(/[^a-z0-9-]/g, "") || entry.type;
  const taken = new Set(entries.map(({ name }) => name));
  let name = base.slice(0, 36);
  for (let number = 2; taken.has(name); number += 1) name = `${base.slice(0, 36)}-${number}`;
  entry.name = name;
}

/**
 * The card of the sources, for the settings and for the first run.
 * @param {any} config
 * @param {{title?: any, onSaved?: () => void}} options
 */
export async function makeSources(config, { title = t("sourceList"), onSaved } = {}) {
  const states = new Map();

  async function loadStates() {
    const { data } = await callApi("GET", "providers");
    for (const source of data) states.set(source.name, source);
  }

  await loadStates();
  const card = makeEntries(
    {
      setting: "providers",
      textOf: (type) => t(`sourceKind.${type}`),
      hintOf: (type) => t(`sourceKind.${type}.hint`),
      removal: t("sourceRemoval"),
      test: "providers/test",
      add: "addSource",
      kinds: KINDS,
      common: [{ name: "name", kind: "text", label: "sourceName", hint: true }],
      rare: [
        { name: "enabled", kind: "check", hint: true, empty: true },
        { name: "ca_file", kind: "text", hint: true },
      ],
      fresh: { name: "", url: "", enabled: true, use: "files" },
      kept: ["address"], // of feeds: the masked secret that belongs to the address
      complete,
      describe: (entry) => describeSource(entry, states),
      isOrdered: true,
      async onSaved() {
        await loadStates();
        drawStates(card, states);
        loadDeck().catch(() => {}); // the strip shows what it knew
        onSaved?.();
      },
    },
    config,
    { title, hint: t("sourceListHint") },
  );
  drawStates(card, states);
  return card;
}

function describeSource({ name, type, url, urls = [] }) {
  const facts = [t(`sourceKind.${type}`), url, ...urls.slice(0, 3)];
  if (urls.length > 3) facts.push("…");
  return [h("b", {}, name), h("p.soft", {}, facts.filter(Boolean).join(" · "))];
}

/** Show in each row how its source is. */
function drawStates(card, states) {
  for (const row of card.querySelectorAll("li")) {
    const source = states.get(row.dataset.key);
    for (const old of row.querySelectorAll(".state-line")) old.remove();
    if (!source) continue;
    $(".text", row).append(makeStateLine(card, source, states));
  }
}

function makeStateLine(card, source, states) {
  const { name, state, reason, until, series } = source;
  const shown = stateOfSource(source);
  const badge = h("span.badge", { data: { state: shown } }, t(`sourceState.${shown}`));
  if (state === "ok") return h("p.soft.state-line", {}, badge, tn("seriesCount", series));
  if (state !== "resting")
    return h("p.soft.state-line", {}, badge, describeReason(reason, null).text);
  const time = until ? formatTime(new Date(until)) : "";
  const retry = h("button", { type: "button", ariaLabel: t("tryNowAt", { name }) }, t("tryNow"));
  retry.onclick = () =>
    runAction(retry, async () => {
      const { data } = await callApi("POST", `providers/${name}/retry`);
      states.set(name, data);
      drawStates(card, states);
    });
  return h(
    "div.state-line",
    {},
    badge,
    h("p.soft", {}, t("restsBecause", { time, reason: describeReason(reason, null).text })),
    retry,
  );
}

export async function open(root) {
  root.append(await makeSources(await loadSettings()));
}
