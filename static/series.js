// A series: its picture and facts, its seasons, following it, and its files.

import { callApi } from "./api.js";
import { addEpisodes } from "./commands.js";
import { ask } from "./dialogs.js";
import { $, h, icon, loadStyle, setHidden, setText, siteHost } from "./dom.js";
import { updateStates } from "./episode_states.js";
import { runAction, showToast } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { noteLibraryChange, onSeriesChange } from "./library_state.js";
import { drawPicture, makePicture } from "./pictures.js";
import { countOpenOf, queue } from "./queue_state.js";
import { loadFileReasons, loadReasons } from "./reasons.js";
import { href, navigate } from "./router.js";
import { makeDescription } from "./series_description.js";
import { makeFiles } from "./series_files.js";
import { makeFollow } from "./series_follow.js";
import { makeQuestion } from "./series_question.js";
import { isCounted, makeSeasons } from "./series_seasons.js";
import { makeSources } from "./series_sources.js";
import { makeWishes } from "./series_wishes.js";
import "./series_texts.js";
import { letOthers } from "./turns.js";

const RELOAD_MS = 1500; // after the counts of the queue and of the episodes have parted
const CHANGE_MS = 300; // after the series was changed: here, the answer asks again itself

/** @param {import("./router.js").Address} address */
export async function open(root, address) {
  const path = `v1/anime/${encodeURIComponent(address.id)}`;
  let [series] = await Promise.all([
    callApi("GET", path),
    loadStyle("series.css"),
    loadReasons(),
    loadFileReasons(),
  ]);
  let reloadTimer = 0;
  let changeTimer = 0;
  let parting = ""; // of the counts, which a reload has not mended
  const context = {
    get series() {
      return series;
    },
    reload,
    redraw: () => draw(),
    path: (rest) => `v1/anime/${series.id}/${rest}`,
  };
  const seasons = makeSeasons(context);
  const files = makeFiles(context);
  const question = makeQuestion(context);
  const sources = makeSources(context);
  const follow = makeFollow(context);
  const description = makeDescription(context);
  const wishes = makeWishes(context);
  const listChange = h("div.notice", { id: "list-change", hidden: true });
  root.classList.add("narrow");
  root.append(
    makeHead(context, description, follow),
    listChange,
    sources.questions,
    question.node,
    seasons.node,
    sources.node,
    wishes.node,
    files.node,
    makeFoot(context),
  );

  async function reload({ isSent = false } = {}) {
    clearTimeout(changeTimer);
    series = await callApi("GET", path);
    noteLibraryChange();
    seasons.forget();
    wishes.update();
    drawListChange();
    await Promise.all([files.update(isSent), question.update(), seasons.prepare()]);
    sources.update();
    draw();
  }

  /** Somebody has changed the series, on another device maybe, or has forgotten it. */
  async function followChange() {
    try {
      await reload();
    } catch (error) {
      if (error.status !== 404 || !root.isConnected) return;
      await navigate("library");
      showToast(t("forgotten", { title: series.title }));
    }
  }

  const stopListening = onSeriesChange((isMeant) => {
    if (!isMeant(series.id) && !isMeant(address.id)) return;
    clearTimeout(changeTimer);
    changeTimer = setTimeout(followChange, CHANGE_MS);
  });

  function drawListChange() {
    const { list_change: change } = series;
    setHidden(listChange, !change, $("h1", root));
    listChange.replaceChildren(...(change ? describeListChange(context, change) : []));
  }

  function draw(changed = new Set(["all"])) {
    if (changed.size === 1 && changed.has("progress")) return;
    if (changed.has("lost")) reload().catch(() => {});
    updateStates(series.id, series.episode_list, queue);
    drawHead(root, series);
    description.draw();
    follow?.draw();
    seasons.draw();
    reloadIfParted();
  }

  /** Ask again where the queue has other items of this series than its episodes tell of. */
  function reloadIfParted() {
    const isOpen = ({ state, isReplaced }) =>
      ["pending", "downloading"].includes(state) || isReplaced;
    const open = series.episode_list.filter(isOpen).length;
    const counts = `${open} ${countOpenOf(series.id)}`;
    if (open === countOpenOf(series.id)) parting = "";
    if (!queue.isLoaded || open === countOpenOf(series.id) || reloadTimer) return;
    if (counts === parting) return;
    parting = counts;
    reloadTimer = setTimeout(() => {
      if (open !== countOpenOf(series.id)) reload().catch(() => {});
      setTimeout(() => (reloadTimer = 0), 10 * RELOAD_MS);
    }, RELOAD_MS);
  }

  drawListChange();
  await seasons.prepare();
  draw();
  await letOthers(); // to lay a thousand episodes out takes its time too
  question.update().catch(() => {});
  sources.update();
  return {
    get title() {
      return series.title;
    },
    draw,
    close() {
      clearTimeout(reloadTimer);
      clearTimeout(changeTimer);
      stopListening();
      description.close();
    },
  };
}

// -- head -----------------------------------------------------------------------------------------

function makeHead(context, description, follow) {
  const { series } = context;
  const get = h("button.main", { id: "get-all", type: "button" }, icon("get"), h("span"));
  get.onclick = () => runAction(get, () => addEpisodes(series.id, series.title, ["missing"]));
  const site = h("a", { id: "series-site", target: "_blank", rel: "noreferrer noopener" });
  return h(
    "div.series-head",
    {},
    makePicture(series),
    h(
      "div.about",
      {},
      h("h1", { id: "series-title", tabIndex: -1 }),
      h(
        "p.facts.soft",
        {},
        h("span", { id: "series-year" }),
        h("span", { id: "series-count" }),
        h("span", { id: "series-sources" }),
        site,
      ),
      h("progress", { id: "series-bar" }),
      description.node,
      h("div.head", {}, get, follow?.node),
    ),
  );
}

function drawHead(root, series) {
  const counted = series.episode_list.filter(isCounted);
  const have = counted.filter((episode) => episode.state === "present").length;
  const counts = { have: formatNumber(have), total: formatNumber(counted.length) };
  const line = t("haveOfTotal", counts);
  setText($("h1", root), series.title);
  const year = series.year ? String(series.year) : "";
  setText($("#series-year", root), series.title.includes(year) ? "" : year);
  setText($("#series-count", root), line);
  setText($("#series-sources", root), series.sources.map(({ name }) => name).join(", "));
  const bar = $("#series-bar", root);
  Object.assign(bar, { max: Math.max(1, counted.length), value: have, ariaLabel: line });
  bar.dataset.state = counted.length > have ? "missing" : "present";
  drawPicture($(".series-head .art", root), series);
  const site = $("#series-site", root);
  site.hidden = !siteHost(series.site);
  if (siteHost(series.site)) site.href = series.site;
  setText(site, t("sourceSite"));
  const missing = series.episode_list.filter(({ state }) => state === "missing").length;
  const select = $("#follow", root);
  if (select && select.ariaBusy !== "true") select.value = series.follow.mode;
  setHidden($("#forget", root), !series.source, $("h1", root)); // else only a source has it
  const get = $("#get-all", root);
  setText($("span", get), tn("getMissingCount", missing));
  setHidden(get, !missing, $("h1", root));
}

/** What the source's list takes away, while that is not believed yet. */
function describeListChange(context, change) {
  const [gone, moved] = [change.gone, change.moved].map((codes) => formatNumber(codes.length));
  const accept = h("button", { type: "button" }, t("acceptList"));
  accept.onclick = () =>
    runAction(accept, async () => {
      await callApi("PUT", context.path("link"), { accept_list: true });
      await context.reload();
    });
  const codes = h("p.codes", {}, [...change.gone, ...change.moved].join(" "));
  return [h("p", {}, t("listChange", { gone, moved })), codes, accept];
}

function makeFoot(context) {
  const forget = h("button.plain", { id: "forget", type: "button" }, t("forget"));
  forget.onclick = () => runAction(forget, () => forgetSeries(context));
  return h("footer", {}, h("a", { href: href("library") }, t("toLibrary")), h("span.gap"), forget);
}

async function forgetSeries({ series }) {
  const question = t("forgetQuestion", { title: series.title });
  if (!(await ask(question, t("forgetHint"), t("forget")))) return;
  await callApi("DELETE", `v1/anime/${series.id}`);
  noteLibraryChange();
  await navigate("library");
  showToast(t("forgotten", { title: series.title }));
}
