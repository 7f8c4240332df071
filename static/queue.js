// The queue's view: what failed, what will be loaded by series, and what is done.

import { callApi } from "./api.js";
import { isPossible, sendCommand } from "./commands.js";
import { describeState } from "./deck.js";
import { $, h, icon, loadStyle, setHidden, setText, syncList } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatNumber, formatTime } from "./formats.js";
import { t, tn } from "./i18n.js";
import { makeItemRow, updateItemRow } from "./queue_items.js";
import { makeOpenRows } from "./queue_groups.js";
import { clearFinished, removeItem } from "./queue_removal.js";
import { countItems, countOpen, itemsWith, queue } from "./queue_state.js";
import "./queue_texts.js";
import { describeReason, loadReasons } from "./reasons.js";

const FINISHED_AT_FIRST = 20; // rows that are shown of what has ended, and per "show more"

export async function open(root) {
  await Promise.all([loadStyle("queue.css"), loadReasons()]);
  const shown = { failed: FINISHED_AT_FIRST, completed: FINISHED_AT_FIRST };
  root.classList.add("narrow");
  root.append(
    makeHead(),
    h("p.notice", { id: "queue-reason", hidden: true }),
    h("ul", { id: "resting" }),
    makeFinished("failed"),
    h("section.card", { id: "open", ariaLabel: t("toDownload") }),
    makeFinished("completed"),
  );
  const openPart = $("#open", root);
  const list = h("ul", { id: "open-items" });
  const bar = h("div.bulk.line-row", { id: "bulk", role: "group", hidden: true });
  bar.ariaLabel = t("selection");
  openPart.append(
    h("div.head", {}, h("h2", { tabIndex: -1 }, t("toDownload")), h("span.count")),
    bar,
    list,
    h("div.empty", { id: "queue-empty", hidden: true }, h("strong", {}, t("queueEmpty"))),
  );
  const rows = makeOpenRows(list, bar, () => draw());
  root.addEventListener("click", (event) => handleClick(event, root, { shown, rows, draw }));
  root.addEventListener("change", handleChange);

  function draw(changed = new Set(["all"])) {
    if (changed.size === 1 && changed.has("progress")) return rows.drawProgress();
    if (changed.size === 1 && changed.has("library")) return;
    drawHead(root);
    drawResting(root);
    setText($("#open .count", root), countOpen() ? formatNumber(countOpen()) : "");
    rows.draw();
    $("#queue-empty", root).hidden = countOpen() > 0 || !queue.isLoaded;
    for (const status of ["failed", "completed"]) drawFinished(root, status, shown[status]);
  }

  return {
    get title() {
      return t("queue");
    },
    draw,
    close: rows.close,
  };
}

// -- head -----------------------------------------------------------------------------------------

function makeHead() {
  const commands = { start: "play", resume: "play", pause: "pause", stop: "stop" };
  const buttons = Object.entries(commands).map(([command, image]) => {
    const kind = image === "play" ? "button.main" : "button";
    return h(kind, { type: "button", data: { command } }, icon(image), h("span", {}, t(command)));
  });
  return h(
    "div.view-head.queue-head",
    {},
    h("h1", { id: "queue-title", tabIndex: -1 }, t("queue")),
    h("span.badge", { id: "queue-state" }),
    h("span.soft", { id: "queue-summary" }),
    h("span.gap"),
    ...buttons,
  );
}

function drawHead(root) {
  const heading = $("h1", root);
  const badge = $("#queue-state", root);
  setText(badge, queue.isLoaded ? t(`queueState.${queue.state}`) : "");
  badge.dataset.state = queue.state;
  setText(
    $("#queue-summary", root),
    describeState().replace(badge.textContent, "").replace(/^ · /, ""),
  );
  for (const button of root.querySelectorAll("[data-command]")) {
    const { command } = button.dataset;
    const isOffered = isPossible(command) && (command !== "start" || countOpen() > 0);
    setHidden(button, !queue.isLoaded || !isOffered, heading);
  }
  const reason = $("#queue-reason", root);
  reason.hidden = !queue.reason;
  const { text, isEnglish } = describeReason(queue.reason, null);
  reason.lang = isEnglish ? "en" : "";
  setText(reason, text);
}

function drawResting(root) {
  syncList($("#resting", root), [...queue.resting.values()], {
    key: ({ name }) => name,
    create({ name }) {
      const button = h("button", { type: "button", data: { action: "try" } }, t("tryNow"));
      button.ariaLabel = t("tryNowAt", { name });
      return h("li.notice.line-row", {}, h("span.text"), button);
    },
    update(row, { name, until, reason }) {
      const time = formatTime(new Date(until));
      const { text } = describeReason(reason, null);
      setText($("span", row), t("sourceRests", { name, time, reason: text }));
    },
  });
}

// -- what has ended -------------------------------------------------------------------------------

function makeFinished(status) {
  const title = t(status);
  const clearName = t(status === "failed" ? "clearFailed" : "clearCompleted");
  const clear = h("button.plain", {
    type: "button",
    data: { clear: status },
    ariaLabel: clearName,
  });
  clear.append(t("clear"));
  const retry =
    status === "failed" &&
    h("button", { type: "button", data: { retry: "all" } }, icon("retry"), t("retryAll"));
  const more = h("button.plain", { type: "button", data: { more: status }, hidden: true });
  const heading = h("h2", { tabIndex: -1 }, title);
  const head = h("div.head", {}, heading, h("span.count"), h("span.gap"), retry, clear);
  return h(
    "section.card",
    { id: status, hidden: true, ariaLabel: title },
    head,
    h("ul.rows", {}),
    more,
  );
}

const compare = (a, b) => (a < b ? -1 : Number(a > b)); // of times: quicker than localeCompare
const byEnd = (a, b) =>
  compare(b.finished_at ?? "", a.finished_at ?? "") || compare(b.queue_item_id, a.queue_item_id);

function drawFinished(root, status, most) {
  const part = $(`#${status}`, root);
  const total = countItems(status);
  const known = itemsWith(status).sort(byEnd);
  setText($(".count", part), formatNumber(total));
  setHidden(part, !total, $("h1", root));
  const how = { key: (item) => item.queue_item_id, create: makeItemRow, update: updateItemRow };
  syncList($("ul", part), known.slice(0, most), how);
  const rest = total - Math.min(most, known.length);
  const more = $("[data-more]", part);
  setHidden(more, rest <= 0, $("h2", part));
  setText(more, rest > 0 ? tn("showMore", rest) : "");
}

/** Ask for further ended items of a status, until so many are known. */
async function loadFinished(status, count) {
  const known = itemsWith(status).length;
  if (known >= Math.min(count, countItems(status))) return;
  const page = Math.floor(known / 100) + 1;
  const { data } = await callApi("GET", `queue?status=${status}&per_page=100&page=${page}`);
  for (const item of data) {
    if (!queue.items.has(item.queue_item_id)) queue.items.set(item.queue_item_id, item);
  }
}

// -- actions --------------------------------------------------------------------------------------

function handleClick({ target }, root, { shown, rows, draw }) {
  const button = target.closest("button");
  if (!button) return;
  const { command, clear, action, retry, more } = button.dataset;
  const key = button.closest("li")?.dataset.key;
  if (command) sendCommand(command, button);
  else if (clear) runAction(button, () => clearFinished(clear));
  else if (retry) runAction(button, () => callApi("POST", "queue/retry"));
  else if (more) {
    runAction(button, async () => {
      shown[more] += 100;
      await loadFinished(more, shown[more]);
      draw();
    });
  } else if (action === "try") runAction(button, () => callApi("POST", `providers/${key}/retry`));
  else if (action === "retry") runAction(button, () => callApi("POST", `queue/${key}/retry`));
  else if (action === "remove") runAction(button, () => removeItem(key));
  else if (action) rows.act(action, button);
}

function handleChange({ target: select }) {
  if (select.dataset.action !== "priority") return;
  const itemId = select.closest("li").dataset.key;
  const priority = select.value;
  runAction(select, async () => {
    try {
      await callApi("PUT", `queue/${itemId}`, { priority });
    } catch (error) {
      select.value = queue.items.get(itemId)?.priority ?? priority; // it shows what holds
      throw error;
    }
  });
}
