// What will be loaded, by series: one row a group, and the rows of its items on demand. All rows
// have one height, so that of ten thousand only those in sight are in the document.

import { callApi } from "./api.js";
import { $, h, icon, setText } from "./dom.js";
import { showRefusal } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { drawPicture, makePicture } from "./pictures.js";
import { makeItemRow, updateItemRow } from "./queue_items.js";
import { itemsWith, queue } from "./queue_state.js";
import { href } from "./router.js";
import { makeVirtualList } from "./virtual_list.js";

const PER_PAGE = 100;
const PRIORITIES = ["high", "normal", "low"];
const serialNumber = (item) => Number(item.queue_item_id.slice("queue_".length));
const byWork = (a, b) =>
  Number(b.status === "downloading") - Number(a.status === "downloading") ||
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
  serialNumber(a) - serialNumber(b);

/**
 * Let `list` show the groups with what is open.
 * @param {HTMLElement} list
 * @param {() => void} redraw draws the whole view
 */
export function makeOpenRows(list, redraw) {
  const opened = new Set(); // ids of series whose items are shown
  const asked = new Set(); // "series page" of what was asked for
  const rows = makeVirtualList(list, { key, create, update });
  let values = [];

  function key(value) {
    if (value.item) return value.item.queue_item_id;
    return value.more ? `more ${value.group.anime_id}` : value.group.anime_id;
  }

  function create(value) {
    if (value.item) return makeItemRow(value.item);
    return value.more ? makeMoreRow() : makeGroupRow(value.group);
  }

  function update(row, value) {
    if (value.item) return updateItemRow(row, value.item);
    if (value.more) {
      askFor(value.group);
      return setText(row.firstChild, tn("waitingCount", value.more));
    }
    updateGroupRow(row, value.group, opened.has(value.group.anime_id));
  }

  /** Ask for items of a group that are in sight and not known here. */
  function askFor({ anime_id: id }) {
    const known = [...queue.items.values()].filter(
      (item) => item.anime_id === id && item.status === "pending",
    );
    const page = Math.floor(known.length / PER_PAGE) + 1;
    if (asked.has(`${id} ${page}`)) return;
    asked.add(`${id} ${page}`);
    const path = `queue?anime_id=${id}&status=pending&per_page=${PER_PAGE}&page=${page}`;
    callApi("GET", path).then(({ data }) => {
      for (const item of data) queue.items.set(item.queue_item_id, item);
      redraw();
    }, showRefusal);
  }

  function arrange() {
    const bySeries = new Map();
    for (const item of queue.items.values()) {
      const isShown = item.status === "downloading" || opened.has(item.anime_id);
      if (!isShown || !["pending", "downloading"].includes(item.status)) continue;
      if (!bySeries.has(item.anime_id)) bySeries.set(item.anime_id, []);
      bySeries.get(item.anime_id).push(item);
    }
    values = [];
    const groups = [...queue.groups.values()].filter((group) => group.pending + group.downloading);
    groups.sort((a, b) => Number(b.downloading > 0) - Number(a.downloading > 0));
    for (const group of groups) {
      values.push({ group });
      const items = (bySeries.get(group.anime_id) ?? []).sort(byWork);
      for (const item of items) values.push({ item });
      const more = group.pending + group.downloading - items.length;
      if (opened.has(group.anime_id) && more > 0) values.push({ group, more });
    }
  }

  return {
    draw() {
      arrange();
      rows.show(values);
    },
    /** Draw the rows of the transfers anew, and nothing else. */
    drawProgress() {
      for (const item of itemsWith("downloading")) {
        const row = $(`[data-key="${item.queue_item_id}"]`, list);
        if (row) updateItemRow(row, item);
      }
    },
    toggle(id) {
      if (!opened.delete(id)) opened.add(id);
      asked.clear();
      redraw();
    },
    close: rows.close,
  };
}

function makeMoreRow() {
  return h("li.queue-row.more", {}, h("p.soft"));
}

function makeGroupRow(group) {
  const { anime_id: id, anime_title: title } = group;
  const toggle = h("button.icon", { type: "button", data: { action: "toggle" } }, icon("more"));
  toggle.ariaLabel = t("showItemsOf", { title });
  const link = h("a.title", { href: href(`series/${id}`) }, title);
  const picture = makePicture({ title });
  const bar = h("progress", { ariaLabel: t("progressOf", { name: title }) });
  return h("li.group-row", {}, picture, h("p.text", {}, link), h("p.soft"), toggle, bar);
}

function updateGroupRow(row, group, isOpened) {
  const { pending, downloading, completed, failed } = group;
  drawPicture($(".art", row), { title: group.anime_title });
  const facts = [];
  if (downloading) facts.push(`${t("status.downloading")}: ${formatNumber(downloading)}`);
  if (pending) facts.push(tn("waitingCount", pending));
  if (failed) facts.push(tn("failedCount", failed));
  setText($(".soft", row), facts.join(" · "));
  const bar = $("progress", row);
  const total = pending + downloading + completed + failed;
  if (bar.max !== total || bar.value !== completed)
    Object.assign(bar, { max: total, value: completed });
  const toggle = $("[data-action=toggle]", row);
  if (toggle.ariaExpanded !== String(isOpened)) toggle.ariaExpanded = String(isOpened);
}

/** Do what a button of a group's row asks for. */
export function handleGroupClick(action, button, rows) {
  if (action === "toggle") rows.toggle(button.closest("li").dataset.key);
}
