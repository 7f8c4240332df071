// The search for series in the sources: /search?q=

import { callApi } from "./api.js";
import { addEpisodes } from "./commands.js";
import { loadDeck, noteAnswers } from "./deck.js";
import { $, h, icon, loadStyle, setHidden, setText, siteHost, syncList } from "./dom.js";
import { runAction, showRefusal } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { ensureLibrary, isUnsure, library } from "./library_state.js";
import { makePicture } from "./pictures.js";
import { countOpenOf } from "./queue_state.js";
import { href } from "./router.js";
import "./search_texts.js";

const LIMIT = 50;

/** @param {import("./router.js").Address} address */
export async function open(root, address) {
  await Promise.all([loadStyle("library.css"), ensureLibrary().catch(() => {})]);
  const state = h("p.soft", { id: "hits-state", role: "status" });
  const list = h("ul.shelf", { id: "hits", data: { layout: "rows" } });
  const heading = h("h1", { tabIndex: -1 }, t("searchResults"));
  root.append(h("div.view-head", {}, heading, state), list);
  list.addEventListener("click", handleClick);

  let hits = [];
  let text = "";
  let running = new AbortController(); // of the newest search

  async function search(wanted) {
    text = wanted;
    running.abort();
    running = new AbortController();
    hits = [];
    draw();
    if (!text) return setText(state, t("searchHint"));
    setText(state, t("searching"));
    try {
      const path = `v1/anime/search?limit=${LIMIT}&q=${encodeURIComponent(text)}`;
      const answer = await callApi("GET", path, null, { signal: running.signal });
      hits = answer.data;
      setText(state, describe(hits.length, answer.unavailable));
      noteAnswers(answer.unavailable);
    } catch (error) {
      if (error.name === "AbortError") return; // a newer search shows its own hits
      setText(state, "");
      showRefusal(error);
      if (error.code === "PROVIDER_ERROR") loadDeck().catch(() => {}); // all of them failed
    }
    draw();
  }

  function draw() {
    syncList(list, hits, { key: (hit) => hit.key, create: makeRow, update: updateRow });
  }

  const start = (given) => search((given.query.get("q") ?? "").trim());
  start(address);
  return {
    get title() {
      return text ? `${text} – ${t("searchTitle")}` : t("searchTitle");
    },
    draw,
    update(next) {
      start(next);
      return true;
    },
    close: () => running.abort(),
  };
}

function describe(count, unavailable) {
  const isAll = count < LIMIT;
  const some = isAll ? tn("found", count) : tn("foundFirst", count);
  const found = count ? some : t("nothingFound");
  const silent = unavailable.map((name) => t("didNotAnswer", { name }));
  return [found, ...silent].join(" · ");
}

function makeRow(hit) {
  const { key, name } = hit;
  const label = t("getMissingOf", { title: name });
  const get = h("button.get", { type: "button", data: { action: "get" }, ariaLabel: label });
  get.append(icon("get"), h("span", {}, t("getMissing")));
  const link = h(
    "a.tile-link",
    { href: href(`series/${key}`) },
    makePicture({ id: key, title: name }),
    h("span.about", {}, h("span.title", {}, name), h("span.soft")),
  );
  return h("li.tile", {}, link, h("progress"), h("span.badge"), get);
}

function updateRow(row, hit) {
  const known = library.byId.get(hit.key);
  const open = countOpenOf(hit.key);
  const facts = [];
  $("progress", row).hidden = !known;
  $(".badge", row).hidden = !known;
  if (known) {
    const { total_episodes: total, downloaded_episodes: have, missing_episodes: missing } = known;
    const line = t("haveOfTotal", { have: formatNumber(have), total: formatNumber(total) });
    Object.assign($("progress", row), { max: Math.max(1, total), value: have, ariaLabel: line });
    facts.push(t("inLibrary"), line);
    const [rest, restState] = isUnsure(known) ? ["unsure", "ambiguous"] : ["complete", "present"];
    setText($(".badge", row), missing ? tn("missingCount", missing) : t(rest));
    row.dataset.state = $(".badge", row).dataset.state = missing ? "missing" : restState;
  }
  if (open) facts.push(tn("queuedCount", open));
  facts.push((hit.sources ?? []).join(", "), siteHost(hit.site));
  setText($(".soft", row), facts.filter(Boolean).join(" · "));
  const canGet = !known ? !open : known.available_episodes > open;
  setHidden($(".get", row), !canGet, $("a", row));
}

function handleClick({ target }) {
  const button = target.closest("button[data-action]");
  if (!button) return;
  const row = button.closest("li");
  const title = $(".title", row).textContent;
  runAction(button, () => addEpisodes(row.dataset.key, title, ["missing"]));
}
