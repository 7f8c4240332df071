// The library: all its series as posters or rows, filtered as one types, and the rescan.

import { addEpisodes, addEverything } from "./commands.js";
import { freeRoom, sourcesAreKnown } from "./deck.js";
import { $, h, icon, loadStyle, setHidden, setText } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatNumber, language } from "./formats.js";
import { t, tn } from "./i18n.js";
import { ensureLibrary, isUnsure, library, rescan } from "./library_state.js";
import "./library_texts.js";
import { drawPicture, makePicture } from "./pictures.js";
import { countOpenOf } from "./queue_state.js";
import { href, replaceAddress } from "./router.js";
import { makeVirtualList } from "./virtual_list.js";

const FILTERS = {
  all: () => true,
  missing: (series) => series.missing_episodes > 0,
  following: (series) => series.follow !== "off",
  complete: (series) => series.missing_episodes === 0 && !isUnsure(series),
};
const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
const byTitle = (a, b) => collator.compare(a.title, b.title);
const ORDERS = {
  missing: (a, b) =>
    Number(b.missing_episodes > 0) - Number(a.missing_episodes > 0) || byTitle(a, b),
  name: byTitle,
  changed: (a, b) => b.updated_at.localeCompare(a.updated_at) || byTitle(a, b),
};

const choice = (name, choices, otherwise) => {
  const kept = localStorage.getItem(`aniworld.library.${name}`);
  return choices.includes(kept) ? kept : otherwise;
};
const keep = (name, value) => localStorage.setItem(`aniworld.library.${name}`, value);

/** How a text is compared with what is typed: without case and accents. */
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** @param {import("./router.js").Address} address */
export async function open(root, address) {
  await Promise.all([loadStyle("library.css"), ensureLibrary()]);
  const state = {
    text: address.query.get("q") ?? "",
    show: address.query.get("show") ?? choice("show", Object.keys(FILTERS), "all"),
    sort: choice("sort", Object.keys(ORDERS), "missing"),
    layout: choice("layout", ["tiles", "rows"], "tiles"),
  };
  if (!FILTERS[state.show]) state.show = "all";

  root.append(makeHead(), makeTools(state, change), makeRescanBar(), ...makeShelf());
  const shelf = $(".shelf", root);
  shelf.addEventListener("click", handleClick);
  const how = { key: (series) => series.id, create: makeTile, update: updateTile };
  const list = makeVirtualList(shelf, how);

  function change() {
    const query = new URLSearchParams();
    if (state.text) query.set("q", state.text);
    if (state.show !== "all") query.set("show", state.show);
    replaceAddress(`library${query.size ? `?${query}` : ""}`);
    for (const name of ["show", "sort", "layout"]) keep(name, state[name]);
    draw();
  }

  function draw(changed = new Set(["all"])) {
    drawRescan(root);
    if (changed.size === 1 && changed.has("progress")) return;
    if (shelf.dataset.layout !== state.layout) list.reset();
    shelf.dataset.layout = state.layout;
    const found = find(state);
    drawHead(root, state);
    list.show(found);
    drawEmpty(root, state, found.length === 0);
  }

  return {
    get title() {
      return t("library");
    },
    draw,
    update(next) {
      state.text = next.query.get("q") ?? "";
      state.show = FILTERS[next.query.get("show")] ? next.query.get("show") : state.show;
      $("#filter", root).value = state.text;
      draw();
      return true;
    },
    close: list.close,
  };
}

/** The series that are to be shown, in order. */
function find({ text, show, sort }) {
  const wanted = fold(text.trim());
  const found = library.list.filter((series) => {
    series.folded ??= fold(series.title);
    return FILTERS[show](series) && series.folded.includes(wanted);
  });
  return found.sort(ORDERS[sort]);
}

// -- what stands above the shelf ------------------------------------------------------------------

function makeHead() {
  const again = h("button", { id: "rescan", type: "button" }, icon("retry"));
  again.append(h("span", {}, t("rescan")));
  again.onclick = () => runAction(again, rescan);
  const everything = h("button.main", { id: "get-everything", type: "button", hidden: true });
  everything.append(icon("get"), h("span"));
  everything.onclick = () => runAction(everything, () => addEverything(freeRoom()));
  return h(
    "div.view-head",
    {},
    h("h1", { tabIndex: -1, id: "library-title" }, t("library")),
    h("span.soft", { id: "library-count" }),
    h("span.gap"),
    everything,
    again,
  );
}

function makeTools(state, change) {
  const filter = h("input", {
    id: "filter",
    type: "search",
    value: state.text,
    autocomplete: "off",
    maxlength: 200,
    placeholder: t("filter"),
    ariaLabel: t("filter"),
  });
  filter.oninput = () => {
    state.text = filter.value;
    scrollTo(0, 0);
    change();
  };
  const names = Object.keys(FILTERS);
  const filters = names.map((name) => {
    const button = h(
      "button",
      { type: "button", data: { filter: name } },
      t(`filter.${name}`),
      " ",
    );
    button.append(h("span.count"));
    button.onclick = () => {
      state.show = name;
      change();
    };
    return button;
  });
  const orders = Object.keys(ORDERS).map((name) => new Option(t(`sort.${name}`), name));
  const sort = h("select", { id: "sort", ariaLabel: t("sort") }, orders);
  sort.value = state.sort;
  sort.onchange = () => {
    state.sort = sort.value;
    change();
  };
  const layouts = ["tiles", "rows"].map((name) => {
    const label = t(`layout.${name}`);
    const button = h("button", { type: "button", data: { layout: name }, ariaLabel: label });
    button.append(icon(name));
    button.onclick = () => {
      state.layout = name;
      change();
    };
    return button;
  });
  return h(
    "div.tools",
    {},
    filter,
    h("div.choices", { role: "group", ariaLabel: t("show") }, filters),
    sort,
    h("div.choices.layouts", { role: "group", ariaLabel: t("layout") }, layouts),
  );
}

function makeRescanBar() {
  const bar = h("progress", { max: 1, ariaLabel: t("rescan") });
  return h("div", { id: "rescan-progress", hidden: true }, bar, h("p.soft"));
}

function makeShelf() {
  const shelf = h("ul.shelf", { id: "series-list", ariaLabel: t("library") });
  return [shelf, h("div.empty", { id: "series-empty", hidden: true })];
}

function drawHead(root, state) {
  const counts = {};
  for (const [name, fits] of Object.entries(FILTERS))
    counts[name] = library.list.filter(fits).length;
  let missing = 0;
  let toGet = 0;
  for (const series of library.list) {
    missing += series.missing_episodes;
    toGet += Math.max(0, series.available_episodes - countOpenOf(series.id));
  }
  const everything = $("#get-everything", root);
  setText($("span", everything), t("getEverythingCount", { n: formatNumber(toGet) }));
  setHidden(everything, !toGet, $("h1", root));
  const facts = [tn("seriesCount", counts.all)];
  if (missing) facts.push(tn("missingCount", missing));
  setText($("#library-count", root), counts.all ? facts.join(" · ") : "");
  for (const button of root.querySelectorAll("[data-filter]")) {
    const name = button.dataset.filter;
    button.ariaPressed = String(name === state.show);
    setText($(".count", button), formatNumber(counts[name]));
    button.hidden = name === "following" && !counts.following && state.show !== name;
  }
  for (const button of root.querySelectorAll("[data-layout]:is(button)")) {
    button.ariaPressed = String(button.dataset.layout === state.layout);
  }
  $(".tools", root).hidden = !library.list.length;
}

function drawRescan(root) {
  const part = $("#rescan-progress", root);
  part.hidden = !library.rescan;
  if (!library.rescan) return;
  const { step, done, total } = library.rescan;
  const bar = $("progress", part);
  if (total) Object.assign(bar, { max: total, value: done });
  else bar.removeAttribute("value");
  const counts = { done: formatNumber(done), total: formatNumber(total) };
  const position = total ? ` ${t("doneOfTotal", counts)}` : "";
  setText($("p", part), t(`step.${step}`) + position);
}

/** Say why nothing is shown, and offer what helps. */
function drawEmpty(root, state, isEmpty) {
  const part = $("#series-empty", root);
  setHidden(part, !isEmpty, $("h1", root));
  if (!isEmpty) return;
  const link = (path, text) => h("a.button", { href: href(path) }, text);
  const text = state.text.trim();
  let content;
  if (library.rescan) content = [h("strong", {}, t("libraryIsRead"))];
  else if (text) {
    const path = `search?q=${encodeURIComponent(text)}`;
    content = [h("strong", {}, t("noMatch", { text })), link(path, t("searchSources"))];
  } else if (library.list.length) {
    content = [h("strong", {}, t(`empty.${state.show}`))];
  } else if (sourcesAreKnown() === false) {
    const start = h("a.button.main", { href: href("welcome") }, t("setUpNow"));
    content = [h("strong", {}, t("noSeries")), t("noSourceYet"), start];
  } else {
    content = [
      h("strong", {}, t("noSeries")),
      t("noSeriesYet"),
      link("search", t("searchSources")),
    ];
  }
  if (part.textContent !== h("div", {}, ...content).textContent) part.replaceChildren(...content);
}

// -- a series on the shelf ------------------------------------------------------------------------

function makeTile(series) {
  const get = h("button.get", { type: "button", data: { action: "get" } }, icon("get"));
  get.append(h("span", {}, t("getMissing")));
  const link = h(
    "a.tile-link",
    { href: href(`series/${series.id}`) },
    makePicture(series),
    h("span.about", {}, h("span.title"), h("span.soft", {}, h("span"), h("span.queued"))),
  );
  return h("li.tile", {}, link, h("progress"), h("span.badge"), get);
}

function updateTile(tile, series) {
  const { total_episodes: total, missing_episodes: missing, downloaded_episodes: have } = series;
  const open = countOpenOf(series.id);
  setText($(".title", tile), series.title);
  drawPicture($(".art", tile), series);
  const line = t("haveOfTotal", { have: formatNumber(have), total: formatNumber(total) });
  const bar = $("progress", tile);
  if (bar.ariaLabel !== line)
    Object.assign(bar, { max: Math.max(1, total), value: have, ariaLabel: line });
  setText($(".soft", tile).firstChild, line);
  setText($(".queued", tile), open ? ` · ${tn("queuedCount", open)}` : "");
  const badge = $(".badge", tile);
  const isUnderWay = open > 0 && series.available_episodes <= open;
  const text = isUnderWay ? tn("openCount", open) : tn("missingCount", missing);
  const [rest, restState] = isUnsure(series) ? ["unsure", "ambiguous"] : ["complete", "present"];
  setText(badge, missing ? text : t(rest));
  const state = isUnderWay ? "pending" : missing ? "missing" : restState;
  if (tile.dataset.state !== state) tile.dataset.state = badge.dataset.state = state;
  const get = $(".get", tile);
  const label = t("getMissingOf", { title: series.title });
  if (get.ariaLabel !== label) get.ariaLabel = label;
  setHidden(get, series.available_episodes <= open, $("a", tile));
}

function handleClick({ target }) {
  const button = target.closest("button[data-action]");
  if (!button) return;
  const { id, title } = library.byId.get(button.closest("li").dataset.key);
  runAction(button, () => addEpisodes(id, title, ["missing"]));
}
