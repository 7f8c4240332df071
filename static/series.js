// The series: what is missing, what the sources have, and the episodes of one.

import { call } from "./net.js";
import * as queue from "./queue.js";
import * as reading from "./reading.js";
import { $, complain, make, number, put, run, sync, t, tn, toast } from "./text.js";

const dialog = $("#details");
let page = 1;
let pages = 1;
let total = 0;
let list = null; // null: not loaded yet
let hits = [];
let shown = null; // the series in the dialog
let scan = null; // the last message of a running rescan
let mine = false; // the rescan was asked for here

export async function load() {
  const show = $("#all").checked ? "&show=all" : "";
  const answer = await call("GET", `v1/anime?page=${page}&per_page=20${show}`);
  list = answer.data;
  ({ pages, total } = answer.pagination);
  if (page > 1 && page > pages) {
    page = Math.max(1, pages);
    return load();
  }
  draw();
}

export function hear({ type, data }) {
  if (type === "download_completed") {
    const row = list?.find((one) => one.id === data.anime_id);
    if (row) {
      row.downloaded_episodes += row.missing_episodes - data.missing_episodes;
      row.missing_episodes = data.missing_episodes;
    }
  } else if (type === "rescan_progress") {
    scan = data;
  } else if (type === "rescan_completed") {
    rescanned(data);
  } else if (type === "rescan_failed") {
    scan = null;
    if (!mine) toast(t("rescanFailed"), { more: data.message, bad: true });
  } else if (type === "queue_items" && list && data.items.some((item) => !list.some((one) => one.id === item.anime_id))) {
    refreshSoon(); // perhaps a series that is new here
  } else if (type === "snapshot") {
    scan = mine ? scan : null;
  }
}

let soon = 0;
function refreshSoon() {
  if (pages > 1) return; // it may well be on another page
  clearTimeout(soon);
  soon = setTimeout(() => load().catch(() => {}), 1000);
}

// -- drawing ----------------------------------------------------------------------------------------------------------

export function draw() {
  const waiting = queue.waiting();
  drawList(waiting);
  sync($("#hits ul"), hits, (hit) => hit.key, makeHit, (node, hit) => {
    const n = waiting.get(hit.key);
    put($("p", node), n ? tn("waiting", n) : host(hit.site));
  });
  $("#scan").hidden = !scan;
  if (scan) {
    const bar = $("#scan progress");
    if (scan.total) Object.assign(bar, { max: scan.total, value: scan.done });
    else bar.removeAttribute("value");
    put($("#scan p"), t(`step.${scan.step}`) + (scan.total ? ` ${t("outOf", { done: number(scan.done), total: number(scan.total) })}` : ""));
  }
  if (shown && dialog.open) drawDetails();
}

function drawList(waiting) {
  if (!list) return;
  const all = $("#all").checked;
  put($("#series-title"), t(all ? "allSeries" : "missing"));
  put($("#total"), total ? tn("seriesCount", total) : "");
  sync($("#anime"), list, (row) => row.id, () => make("anime"), (node, row) => updateRow(node, row, waiting.get(row.id) ?? 0));
  $("#none").hidden = list.length > 0;
  put($("#none"), t(all ? "noSeries" : "noneMissing"));
  $("#pages").hidden = pages < 2;
  put($("#pages span"), t("page", { page: number(page), pages: number(pages) }));
  $("#previous").disabled = page <= 1;
  $("#next").disabled = page >= pages;
}

function updateRow(node, row, waiting) {
  name(node, row.title); // a series that is linked gets another one
  const { missing_episodes: missing, downloaded_episodes: have, total_episodes: all } = row;
  const bar = $("progress", node);
  const badge = $(".badge", node);
  const line = t("have", { have: number(have), total: number(all) });
  Object.assign(bar, { max: Math.max(1, all), value: have, ariaLabel: line });
  put($("p", node), waiting ? `${line} · ${tn("waiting", waiting)}` : line);
  put(badge, missing ? tn("lacks", missing) : t("complete"));
  badge.dataset.is = missing ? "missing" : "present";
  $(".get", node).hidden = missing <= waiting;
}

function makeHit(hit) {
  const node = make("hit");
  name(node, hit.name);
  return node;
}

function name(node, title) {
  put($(".title", node), title);
  $(".title", node).ariaLabel = t("detailsOf", { title });
  $(".get", node).ariaLabel = t("getAllOf", { title });
}

// -- the dialog -------------------------------------------------------------------------------------------------------

async function details(id) {
  await fetchDetails(id);
  $("#details-only").checked = shown.episode_list.some((one) => lacks(one.state));
  $("#episodes").replaceChildren();
  dialog.showModal();
  dialog.scrollTop = 0;
  $("#details-title").focus();
  drawDetails();
}

async function fetchDetails(id) {
  shown = await call("GET", `v1/anime/${id}`);
  const { title, description, site } = shown;
  put($("#details-title"), title);
  put($("#details-about"), description);
  const link = $("#details-site");
  link.hidden = !host(site);
  link.href = host(site) ? site : "";
  put(link, t("site"));
  await reading.show(shown, async () => {
    await fetchDetails(id);
    drawDetails();
    load().catch(complain);
  });
}

const lacks = (state) => state !== "present" && state !== "upcoming" && state !== "special";

function drawDetails() {
  const items = queue.of(shown.id);
  for (const one of shown.episode_list) {
    const status = items.get(one.code);
    const queued = ["pending", "downloading", "failed"].includes(one.state);
    if (status === "completed") one.state = queued ? "present" : one.state;
    else if (status && one.state !== "present") one.state = status;
    else if (!status && queued && queue.whole()) one.state = "missing"; // its item was removed
  }
  const all = shown.episode_list;
  const counted = all.filter((one) => !/^S0+E|\./.test(one.code) && one.state !== "upcoming");
  put($("#details-count"), t("have", { have: number(counted.filter((one) => one.state === "present").length), total: number(counted.length) }));
  const only = $("#details-only").checked;
  const some = only ? all.filter((one) => lacks(one.state)) : all;
  $("#details-all").hidden = !all.some((one) => one.state === "missing");
  $("#details-none").hidden = some.length > 0;
  sync($("#episodes"), some, (one) => one.code, makeEpisode, (node, one) => {
    const badge = $(".badge", node);
    put(badge, t(`is.${one.state}`));
    badge.dataset.is = one.state;
    badge.title = one.why;
    $("button", node).hidden = ["present", "pending", "downloading"].includes(one.state);
  });
}

function makeEpisode(one) {
  const node = make("episode");
  put($(".code", node), one.code);
  put($(".title", node), one.state === "ambiguous" ? `${one.path}: ${one.why}` : one.title);
  $("button", node).ariaLabel = t("getOne", { episode: one.code, title: shown.title });
  return node;
}

/** The host of a link that may be followed; a source could send anything. */
function host(site) {
  const url = URL.canParse(site) ? new URL(site) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : "";
}

// -- doing ------------------------------------------------------------------------------------------------------------

function act({ target }) {
  const button = target.closest("button[data-do]");
  if (!button) return;
  const id = button.closest("li").dataset.key;
  const title = $(".title", button.closest("li")).textContent;
  run(button, () => (button.dataset.do === "get" ? queue.add(id, title, ["missing"]) : details(id)));
}
$("#anime").addEventListener("click", act);
$("#hits").addEventListener("click", act);

$("#episodes").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) run(button, () => queue.add(shown.id, shown.title, [button.closest("li").dataset.key]));
});
$("#details-all").onclick = ({ currentTarget }) => run(currentTarget, () => queue.add(shown.id, shown.title, ["missing"]));
$("#details-only").onchange = drawDetails;
dialog.onclose = () => document.body.append($("#toasts"));

function turn(to) {
  page = to;
  load().then(() => $("#series-title").focus(), complain);
}
$("#previous").onclick = () => turn(page - 1);
$("#next").onclick = () => turn(page + 1);
$("#all").onchange = () => {
  page = 1;
  load().catch(complain);
};

$("#rescan").onclick = ({ currentTarget }) => run(currentTarget, async () => {
  mine = true;
  try {
    rescanned(await call("POST", "v1/anime/rescan"));
  } finally {
    mine = false;
    scan = null;
    draw();
  }
});

let told = "";
function rescanned({ new_series: series, new_episodes: episodes, unread_folders: unread }) {
  // The answer and the socket both tell it: say it once.
  scan = null;
  const text = t("rescanned", { series: tn("seriesCount", series), episodes: tn("episodes", episodes) });
  if (told === text) return;
  told = text;
  setTimeout(() => (told = ""), 3000);
  toast(text);
  if (unread.length) toast(tn("unread", unread.length), { more: unread.join("\n"), bad: true });
  load().catch(complain);
}

// -- searching --------------------------------------------------------------------------------------------------------

let typing = 0;
let asking = null;

async function search() {
  clearTimeout(typing);
  asking?.abort();
  const q = $("#q").value.trim();
  const state = $("#hits-state");
  $("#hits").hidden = !q;
  hits = [];
  if (q) {
    asking = new AbortController();
    put(state, t("searching"));
    try {
      hits = (await call("GET", `v1/anime/search?q=${encodeURIComponent(q)}`, null, { signal: asking.signal })).data;
      put(state, hits.length ? tn("found", hits.length) : t("noHits"));
    } catch (error) {
      if (error.name === "AbortError") return;
      $("#hits").hidden = true;
      complain(error);
    }
  }
  draw();
}

$("#q").oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(search, 400);
};
$("#search").onsubmit = (event) => {
  event.preventDefault();
  search();
};
$("#hits-close").onclick = () => {
  $("#q").value = "";
  search();
  $("#q").focus();
};
