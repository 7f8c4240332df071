// The seasons of a series: each as a matrix of its episodes by state, or as a list; and what may be
// done with the episodes that are selected.

import { callApi } from "./api.js";
import { addEpisodes } from "./commands.js";
import { $, h, icon, isDrawn, setHidden, setText, syncList } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { noteLibraryChange } from "./library_state.js";
import { describeEpisode, makeEpisodeRow, stateOf, updateEpisodeRow } from "./series_episodes.js";
import { inTurns, letOthers } from "./turns.js";

const FETCHABLE = ["missing", "failed", "special", "ambiguous", "upcoming"];
const LAYOUT_KEY = "aniworld.series.layout"; // in localStorage
const ONLY_MISSING_KEY = "aniworld.series.only-missing";

/** The number of an episode's season; -1 where it is in none. */
export const seasonOf = ({ code }) => Number(code.match(/^S(\d+)/)?.[1] ?? -1);
const isLacking = ({ state }) => !["present", "upcoming", "special", "ignored"].includes(state);

/** Whether only the name of an ambiguous file tells of an episode. */
const isGuess = ({ state, sources, aired }) => state === "ambiguous" && !sources?.length && !aired;

/** Whether an episode counts: no special (season 0, or a number with a point), nor upcoming. */
export const isCounted = (episode) =>
  !/^S0+E|\./.test(episode.code) &&
  episode.state !== "upcoming" &&
  !episode.ignored &&
  !isGuess(episode);

/** @param {{series: any, path: (rest: string) => string, redraw: () => void}} context */
export function makeSeasons(context) {
  const selected = new Set(); // codes
  const made = new Map(); // code -> its node for the next draw, where there are many of them
  let layout = localStorage.getItem(LAYOUT_KEY) === "list" ? "list" : "matrix";
  let onlyMissing = localStorage.getItem(ONLY_MISSING_KEY) === "yes";
  const list = h("div", { id: "seasons" });
  const legend = h("ul.legend", { ariaLabel: t("legend") });
  const panel = h("div.panel.card", { id: "selection", hidden: true });
  const node = h("div", {}, makeTools(), list);
  node.addEventListener("click", handleClick);
  list.addEventListener("keydown", moveFocus);

  function makeTools() {
    const layouts = ["matrix", "list"].map((name) => {
      const button = h("button", { type: "button", data: { layout: name } }, t(`layout.${name}`));
      button.onclick = () => runAction(button, () => choose(name, onlyMissing));
      return button;
    });
    const only = h("input", { id: "only-missing", type: "checkbox", checked: onlyMissing });
    only.onchange = () => runAction(only, () => choose(layout, only.checked));
    const choices = h("div.choices", { role: "group", ariaLabel: t("layout") }, layouts);
    const check = h("label.check", {}, only, t("onlyMissing"));
    return h("div.head.season-tools", {}, choices, check, legend);
  }

  async function choose(newLayout, newOnlyMissing) {
    localStorage.setItem(LAYOUT_KEY, newLayout);
    localStorage.setItem(ONLY_MISSING_KEY, newOnlyMissing ? "yes" : "no");
    await prepare(newLayout, newOnlyMissing);
    [layout, onlyMissing] = [newLayout, newOnlyMissing];
    draw();
    list.getBoundingClientRect(); // lays out now, for to paint as well in one task takes too long
  }

  /** Make the nodes that the next draw will need, in turns: a series may have a thousand. */
  async function prepare(nextLayout = layout, nextOnlyMissing = onlyMissing) {
    const rows = list.querySelectorAll(nextLayout === "matrix" ? ".matrix > li" : ".rows > li");
    const there = new Set([...rows].map((row) => row.dataset.key));
    made.clear();
    await inTurns(context.series.episode_list, (episode) => {
      const isShown = isShownIn(nextLayout, nextOnlyMissing, episode);
      if (isShown && !there.has(episode.code)) made.set(episode.code, make(nextLayout, episode));
    });
    await letOthers();
  }

  function make(inLayout, episode) {
    const isCell = inLayout === "matrix";
    const node = isCell ? makeCell(episode) : makeEpisodeRow(episode, context.series);
    (isCell ? updateCell : updateEpisodeRow)(node, episode);
    return node;
  }

  const isShownIn = (inLayout, isOnlyMissing, episode) =>
    inLayout === "matrix" || !isOnlyMissing || isLacking(episode);

  function draw() {
    for (const button of node.querySelectorAll("[data-layout]")) {
      button.ariaPressed = String(button.dataset.layout === layout);
    }
    $("#only-missing", node).parentElement.hidden = layout === "matrix";
    const isShown = (episode) => isShownIn(layout, onlyMissing, episode);
    const seasons = Map.groupBy(context.series.episode_list.filter(isShown), seasonOf);
    const all = Map.groupBy(context.series.episode_list, seasonOf);
    const values = [...seasons].map(([season, shown]) => ({ season, shown, all: all.get(season) }));
    syncList(list, values, {
      key: ({ season }) => String(season),
      create: makeSeason,
      update: updateSeason,
    });
    made.clear();
    drawLegend();
    drawPanel();
  }

  /** What the colours mean, of the states that there are, with their counts. */
  function drawLegend() {
    legend.hidden = layout !== "matrix";
    const states = Map.groupBy(context.series.episode_list, stateOf);
    syncList(legend, [...states], {
      key: ([state]) => state,
      create: ([state]) => h("li", {}, h("span.mark", { data: { state } }), h("b"), " ", h("span")),
      update(row, [state, episodes]) {
        setText(row.children[1], formatNumber(episodes.length));
        setText(row.lastChild, t(`status.${state}`));
      },
    });
  }

  // -- a season -----------------------------------------------------------------------------------

  function makeSeason({ season }) {
    const title = season === 0 ? t("specials") : t("season", { n: String(season) });
    const get = h("button", { type: "button", data: { season } }, icon("get"), h("span"));
    const heading = h("h2", { tabIndex: -1 }, title);
    return h(
      "section.season",
      { ariaLabel: title },
      h("div.head", {}, heading, h("span.count"), h("span.gap"), get),
      h("ol.matrix"),
      h("ul.rows.card"),
    );
  }

  function updateSeason(section, { season, shown, all }) {
    const counted = all.filter((episode) => season === 0 || isCounted(episode));
    const have = counted.filter(({ state }) => state === "present").length;
    const counts = { have: formatNumber(have), total: formatNumber(counted.length) };
    setText($(".count", section), t("doneOfTotal", { done: counts.have, total: counts.total }));
    const missing = all.filter(({ state }) => state === "missing").length;
    const get = $("[data-season]", section);
    setText($("span", get), t("getSeason", { n: formatNumber(missing) }));
    get.ariaLabel = `${get.textContent}: ${$("h2", section).textContent}`;
    setHidden(get, !missing || season === 0, $("h2", section));
    const matrix = $(".matrix", section);
    const rows = $(".rows", section);
    const key = (episode) => episode.code;
    matrix.hidden = layout !== "matrix";
    rows.hidden = layout === "matrix";
    const create = (episode) => made.get(episode.code) ?? make(layout, episode);
    syncList(matrix, layout === "matrix" ? shown : [], { key, create, update: updateCell });
    syncList(rows, layout === "matrix" ? [] : shown, { key, create, update: updateEpisodeRow });
    if (layout === "matrix" && !$("[tabindex='0']", matrix)) {
      $("button", matrix)?.setAttribute("tabindex", "0");
    }
  }

  function makeCell(episode) {
    const number = episode.code.replace(/^S\d+E0*(?=\d)/, "");
    const cell = h(
      "button.cell.mark",
      { type: "button", tabIndex: -1, data: { code: episode.code } },
      number,
    );
    return h("li", {}, cell);
  }

  function updateCell(li, episode) {
    const cell = li.firstElementChild;
    const state = stateOf(episode);
    const isSelected = selected.has(episode.code);
    if (isDrawn(li, state, episode.title, isSelected)) return;
    if (cell.dataset.state !== state) cell.dataset.state = state;
    const name = [episode.code, t(`status.${state}`), episode.title].filter(Boolean).join(", ");
    const number = cell.textContent;
    const label = `${number}: ${name}`;
    if (cell.ariaLabel !== label) cell.ariaLabel = label;
    cell.ariaPressed = String(isSelected);
  }

  // -- what is selected ---------------------------------------------------------------------------

  function drawPanel() {
    const chosen = context.series.episode_list.filter(({ code }) => selected.has(code));
    const last = [...selected].at(-1);
    const cell = last && $(`[data-code="${last}"]`, list);
    if (layout !== "matrix" || !chosen.length || !cell) {
      setHidden(panel, true, cell ?? null);
      return panel.remove();
    }
    const matrix = cell.closest(".matrix");
    if (matrix.nextElementSibling !== panel) matrix.after(panel);
    panel.hidden = false;
    const content = chosen.length === 1 ? describeOne(chosen[0]) : describeMany(chosen);
    const former = panel.contains(document.activeElement) && document.activeElement.dataset.action;
    panel.replaceChildren(...content);
    if (former) ($(`[data-action=${former}]:not([hidden])`, panel) ?? cell).focus();
  }

  function describeOne(episode) {
    const row = makeEpisodeRow(episode, context.series);
    row.dataset.key = episode.code;
    updateEpisodeRow(row, episode);
    const sentences = describeEpisode(episode, context.series);
    return [h("ul", {}, row), ...sentences.map((sentence) => h("p.soft", {}, sentence))];
  }

  function describeMany(chosen) {
    const fetchable = chosen.filter((episode) => FETCHABLE.includes(episode.state));
    const get = h("button.main", { type: "button", data: { action: "get-selected" } }, icon("get"));
    get.append(tn("getSelected", fetchable.length));
    const ignore = h(
      "button",
      { type: "button", data: { action: "ignore-selected" } },
      t(chosen.every((episode) => episode.ignored) ? "unignore" : "ignore"),
    );
    const clear = h(
      "button.plain",
      { type: "button", data: { action: "clear" } },
      t("clearSelection"),
    );
    const text = h("p.text", {}, tn("selected", chosen.length));
    return [h("div.line-row", {}, text, fetchable.length ? get : null, ignore, clear)];
  }

  // -- actions ------------------------------------------------------------------------------------

  const add = (button, codes, options) => {
    const { id, title } = context.series;
    return runAction(button, () => addEpisodes(id, title, codes, options));
  };

  function handleClick({ target }) {
    const button = target.closest("button");
    if (!button) return;
    const { season, action } = button.dataset;
    const code = button.dataset.code ?? button.closest("li[data-key]")?.dataset.key;
    if (season) return add(button, [`S${season.padStart(2, "0")}`]);
    if (button.matches(".cell")) return toggle(button, code);
    const codes = [...selected];
    if (action === "add") add(button, [code]);
    else if (action === "replace") add(button, [code], { replace: true });
    else if (action === "ignore") runAction(button, () => toggleIgnored([code]));
    else if (action === "ignore-selected") runAction(button, () => toggleIgnored(codes));
    else if (action === "get-selected") {
      const isFetchable = (episode) =>
        selected.has(episode.code) && FETCHABLE.includes(episode.state);
      const wanted = context.series.episode_list.filter(isFetchable);
      add(
        button,
        wanted.map((episode) => episode.code),
      ).then(clearSelection);
    } else if (action === "clear") clearSelection();
  }

  function toggle(cell, code) {
    if (!selected.delete(code)) selected.add(code);
    takeTabStop(cell);
    draw();
  }

  function clearSelection() {
    const cell = $(`[data-code="${[...selected].at(-1)}"]`, list);
    selected.clear();
    draw();
    if (document.activeElement === document.body) cell?.focus({ preventScroll: true });
  }

  function toggleIgnored(codes) {
    const chosen = context.series.episode_list.filter(({ code }) => codes.includes(code));
    return setIgnored(codes, !chosen.every((episode) => episode.ignored));
  }

  /** Ignore episodes, or count them again. */
  async function setIgnored(codes, ignored) {
    const body = { episodes: codes, ignored };
    const { data } = await callApi("PUT", context.path("episodes"), body);
    const known = new Map(context.series.episode_list.map((episode) => [episode.code, episode]));
    for (const episode of data) Object.assign(known.get(episode.code) ?? {}, episode);
    context.redraw();
    noteLibraryChange();
  }

  // -- the keyboard: Tab stops once in each matrix, arrows go on within it ------------------------

  function takeTabStop(cell) {
    for (const other of cell.closest(".matrix").querySelectorAll("[tabindex='0']"))
      other.tabIndex = -1;
    cell.tabIndex = 0;
  }

  function moveFocus(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    const cells = [...cell.closest(".matrix").querySelectorAll(".cell")];
    const columns = cells.filter((other) => other.offsetTop === cells[0].offsetTop).length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const place = cells.indexOf(cell);
    const jumps = { Home: -place, End: cells.length - 1 - place };
    const step = steps[event.key] ?? jumps[event.key];
    const next = step === undefined ? null : cells[place + step];
    if (!next) return;
    event.preventDefault();
    takeTabStop(next);
    next.focus();
  }

  return {
    node,
    prepare,
    draw,
    /** The series was loaded anew: codes that are gone are no longer selected. */
    forget() {
      const codes = new Set(context.series.episode_list.map(({ code }) => code));
      for (const code of selected) if (!codes.has(code)) selected.delete(code);
    },
  };
}
