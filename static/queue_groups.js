// What will be loaded, by series: one row a group, and the rows of its items on demand. All rows
// have one height, so that of ten thousand only those in sight are in the document.

import { callApi } from "./api.js";
import { ask } from "./dialogs.js";
import { $, h, icon, setHidden, setText } from "./dom.js";
import { runAction, showRefusal, showToast } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { drawPicture, makePicture } from "./pictures.js";
import { byWork, makeItemRow, PRIORITIES, updateItemRow } from "./queue_items.js";
import { offerAgain } from "./queue_removal.js";
import { itemsWith, queue } from "./queue_state.js";
import { href } from "./router.js";
import { makeVirtualList } from "./virtual_list.js";

const PER_PAGE = 100;
const LAST = 0; // of a group whose pages were all asked for
const MANY = 20; // items: to remove more asks first
const isOpen = ({ status }) => status === "pending" || status === "downloading";

/**
 * Let `list` show the groups with what is open, and `bar` what may be done with selected ones.
 * @param {HTMLElement} list
 * @param {HTMLElement} bar
 * @param {() => void} redraw draws the whole view
 */
export function makeOpenRows(list, bar, redraw) {
  const opened = new Set(); // ids of series whose items are shown
  const nextPages = new Map(); // id of a series -> the page of its items to ask for, or LAST
  let askedFor = queue.items; // those of the snapshot to which the pages belong
  const selected = new Set(); // keys of rows: ids of items and of series
  const rows = makeVirtualList(list, { key, create, update });
  let values = [];
  makeBar(bar, { arrange, remove: removeSelected, clear });
  list.addEventListener("change", ({ target }) => {
    if (!target.matches(".pick")) return;
    const { key } = target.closest("li").dataset;
    if (target.checked) selected.add(key);
    else selected.delete(key);
    drawBar();
  });
  letDrag(list, selected, async (keys, before) =>
    change({ ...toChosen(keys), before: await firstItem(before) }),
  );

  function key(value) {
    if (value.item) return value.item.queue_item_id;
    return value.more ? `more ${value.group.anime_id}` : value.group.anime_id;
  }

  function create(value) {
    if (value.item) return letPick(makeItemRow(value.item), t("select", nameOf(value)));
    return value.more ? makeMoreRow() : makeGroupRow(value.group);
  }

  function update(row, value) {
    if (value.more) {
      askFor(value.group);
      return setText(row.firstChild, tn("waitingCount", value.more));
    }
    const pick = $(".pick", row);
    if (pick.checked !== selected.has(key(value))) pick.checked = !pick.checked;
    if (value.item) return updateItemRow(row, value.item);
    updateGroupRow(row, value.group, opened.has(value.group.anime_id));
  }

  /** Ask for further items of a group, whose end is in sight, page by page. */
  function askFor({ anime_id: id }) {
    const page = nextPages.get(id) ?? 1;
    if (page === LAST || askedFor !== queue.items) return;
    nextPages.set(id, LAST); // until this one is here
    const path = `queue?anime_id=${id}&status=pending&per_page=${PER_PAGE}&page=${page}`;
    callApi("GET", path).then(({ data }) => {
      if (askedFor !== queue.items) return; // a snapshot came, and all is asked for anew
      for (const item of data) queue.items.set(item.queue_item_id, item);
      if (data.length === PER_PAGE) nextPages.set(id, page + 1);
      redraw();
    }, showRefusal);
  }

  /** A new snapshot knows the first items alone: others are asked for again. */
  function forgetPages() {
    askedFor = queue.items;
    nextPages.clear();
  }

  function arrangeValues() {
    const bySeries = new Map();
    for (const item of queue.items.values()) {
      const isShown = item.status === "downloading" || opened.has(item.anime_id);
      if (!isShown || !isOpen(item)) continue;
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

  // -- what is selected ---------------------------------------------------------------------------

  function drawBar() {
    for (const each of selected) {
      const known = queue.items.get(each) ?? queue.groups.get(each);
      const isHere = known && (known.status ? isOpen(known) : known.pending + known.downloading);
      if (!isHere) selected.delete(each);
    }
    setText($("span", bar), tn("selected", countSelected([...selected])));
    setHidden(bar, !selected.size, $("#queue-title"));
  }

  function clear() {
    selected.clear();
    redraw();
  }

  async function change(body) {
    const isNowhere = "before" in body && !body.before; // it is gone by now
    if (isNowhere || !(body.items.length || body.series.length)) return;
    const { data } = await callApi("PUT", "queue", body);
    forgetPages();
    showToast(tn("arranged", data.count));
  }

  function arrange(body) {
    return change({ ...toChosen([...selected]), ...body });
  }

  async function removeSelected() {
    await removeAll([...selected]);
    clear();
  }

  /** The first item of what a row stands for: of those that wait not all are known here. */
  async function firstItem(rowKey) {
    if (rowKey.startsWith("queue_")) return rowKey;
    const isLoading = (item) => item.anime_id === rowKey && item.status === "downloading";
    const loading = [...queue.items.values()].filter(isLoading).sort(byWork);
    if (loading.length) return loading[0].queue_item_id;
    const path = `queue?anime_id=${rowKey}&status=pending&per_page=1`;
    const { data } = await callApi("GET", path);
    return data[0]?.queue_item_id;
  }

  return {
    draw() {
      if (askedFor !== queue.items) forgetPages();
      arrangeValues();
      rows.show(values);
      drawBar();
    },
    /** Draw the rows of the transfers anew, and nothing else. */
    drawProgress() {
      for (const item of itemsWith("downloading")) {
        const row = $(`[data-key="${item.queue_item_id}"]`, list);
        if (row) updateItemRow(row, item);
      }
    },
    /** Do what a button of a row asks for. */
    act(action, button) {
      const { key: id } = button.closest("li").dataset;
      if (action === "toggle") {
        if (!opened.delete(id)) opened.add(id);
        forgetPages();
        redraw();
      } else if (action === "first") {
        runAction(button, () => change({ ...toChosen([id]), place: "first" }));
      } else if (action === "remove-group") runAction(button, () => removeAll([id]));
    },
    close: rows.close,
  };
}

const nameOf = ({ item, group }) => ({
  name: item ? `${item.anime_title} ${item.episode}` : group.anime_title,
});

/** What calls for many items take. */
function toChosen(keys) {
  const items = keys.filter((key) => key.startsWith("queue_"));
  return { items, series: keys.filter((key) => !key.startsWith("queue_")) };
}

function countSelected(keys) {
  const { items, series } = toChosen(keys);
  const isAlone = (id) => !series.includes(queue.items.get(id)?.anime_id);
  let count = items.filter(isAlone).length;
  for (const id of series) count += queue.groups.get(id).pending + queue.groups.get(id).downloading;
  return count;
}

async function removeAll(keys) {
  const count = countSelected(keys);
  const yes = t("removeThem");
  if (count > MANY && !(await ask(tn("removeQuestion", count), t("removeHint"), yes))) return;
  const { items, series } = toChosen(keys);
  const isMeant = (item) => items.includes(item.queue_item_id) || series.includes(item.anime_id);
  const known = [...queue.items.values()].filter((item) => isOpen(item) && isMeant(item));
  const { data } = await callApi("POST", "queue/remove", { items, series });
  offerAgain(tn("takenBack", data.count), known, data.count);
}

// -- rows -----------------------------------------------------------------------------------------

function letPick(row, label) {
  row.draggable = true;
  row.prepend(h("input.pick", { type: "checkbox", ariaLabel: label }));
  return row;
}

function makeMoreRow() {
  return h("li.queue-row.more", {}, h("p.soft"));
}

function makeGroupRow(group) {
  const { anime_id: id, anime_title: title } = group;
  const button = (action, image, label) =>
    h("button.icon", { type: "button", data: { action }, ariaLabel: label }, icon(image));
  const link = h("a.title", { href: href(`series/${id}`), draggable: false }, title);
  const bar = h("progress", { value: 0, ariaLabel: t("progressOf", { name: title }) });
  const row = h(
    "li.group-row",
    {},
    makePicture({ id, title }),
    h("p.text", {}, link),
    h("p.soft"),
    button("first", "up", t("toTheTop", { title })),
    button("remove-group", "close", t("removeGroup", { title })),
    button("toggle", "more", t("showItemsOf", { title })),
    bar,
  );
  return letPick(row, t("select", { name: title }));
}

function updateGroupRow(row, group, isOpened) {
  const { anime_id: id, anime_title: title, pending, downloading, completed, failed } = group;
  drawPicture($(".art", row), { id, title });
  const facts = [];
  if (downloading) facts.push(`${t("status.downloading")}: ${formatNumber(downloading)}`);
  if (pending) facts.push(tn("waitingCount", pending));
  if (failed) facts.push(tn("failedCount", failed));
  setText($(".soft", row), facts.join(" · "));
  const bar = $("progress", row);
  const total = pending + downloading + completed + failed;
  if (bar.max !== total || bar.value !== completed) {
    Object.assign(bar, { max: total, value: completed });
  }
  const toggle = $("[data-action=toggle]", row);
  if (toggle.ariaExpanded !== String(isOpened)) toggle.ariaExpanded = String(isOpened);
}

// -- the bar of what is selected, and dragging ----------------------------------------------------

function makeBar(bar, { arrange, remove, clear }) {
  const button = (text, action) => {
    const made = h("button", { type: "button" }, text);
    made.onclick = () => runAction(made, action);
    return made;
  };
  const options = PRIORITIES.map((priority) => new Option(t(priority), priority));
  const select = h("select", { ariaLabel: t("priority") });
  select.append(new Option(t("priority"), ""), ...options);
  select.onchange = () => {
    const priority = select.value;
    select.value = "";
    runAction(select, () => arrange({ priority }));
  };
  const none = h("button.icon", { type: "button", ariaLabel: t("clearSelection") }, icon("close"));
  none.onclick = clear;
  bar.append(
    h("span.text"),
    select,
    button(t("first"), () => arrange({ place: "first" })),
    button(t("last"), () => arrange({ place: "last" })),
    button(t("removeThem"), remove),
    none,
  );
}

/** Rows can be dragged; what is selected goes along with one of it. */
function letDrag(list, selected, drop) {
  let dragged = [];
  const rowOf = ({ target }) => target.closest?.("li[draggable]");
  const unmark = () => list.querySelector(".drop")?.classList.remove("drop");
  list.addEventListener("dragstart", (event) => {
    const row = rowOf(event);
    if (!row) return;
    const { key } = row.dataset;
    dragged = selected.has(key) ? [...selected] : [key];
    event.dataTransfer.setData("text/plain", key);
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const row = rowOf(event);
    if (!row || !dragged.length || dragged.includes(row.dataset.key)) return;
    event.preventDefault();
    unmark();
    row.classList.add("drop");
  });
  list.addEventListener("dragend", () => {
    dragged = [];
    unmark();
  });
  list.addEventListener("drop", (event) => {
    const row = rowOf(event);
    if (!row || !dragged.length) return;
    event.preventDefault();
    const keys = dragged;
    runAction(row, () => drop(keys, row.dataset.key));
  });
}
