// One item of the queue as a row: what it is, how far it has come, and what may be done with it.

import { $, h, icon, setText } from "./dom.js";
import { formatDuration, formatPercent, formatSize, formatSpeed } from "./formats.js";
import { t } from "./i18n.js";
import { itemName } from "./queue_state.js";
import { describeReason } from "./reasons.js";
import { href } from "./router.js";

export const PRIORITIES = ["high", "normal", "low"];

const serialNumber = (item) => Number(item.queue_item_id.slice("queue_".length));
/** Compares two items by the order in which they are worked on. */
export const byWork = (a, b) =>
  Number(b.status === "downloading") - Number(a.status === "downloading") ||
  PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
  (a.place ?? Infinity) - (b.place ?? Infinity) ||
  serialNumber(a) - serialNumber(b);

export function makeItemRow(item) {
  const name = itemName(item);
  const button = (action, image, label) =>
    h("button.icon", { type: "button", data: { action }, ariaLabel: label }, icon(image));
  const options = PRIORITIES.map((priority) => new Option(t(priority), priority));
  const select = h("select", {
    data: { action: "priority" },
    ariaLabel: t("priorityOf", { name }),
  });
  select.append(...options);
  const link = h("a.title", { href: href(`series/${item.anime_id}`) }, item.anime_title);
  return h(
    "li.queue-row",
    {},
    h("p.text", {}, h("b.code", {}, item.episode), " ", link),
    h("p.soft", {}),
    select,
    button("retry", "retry", t("retryItem", { name })),
    button("remove", "close", t("removeItem", { name })),
    h("progress", { max: 100, ariaLabel: t("progressOf", { name }), hidden: true }),
  );
}

export function updateItemRow(row, item) {
  const isLoading = item.status === "downloading";
  if (row.dataset.status !== item.status) {
    row.dataset.status = item.status;
    $("[data-action=retry]", row).hidden = item.status !== "failed";
    $("select", row).hidden = !isLoading && item.status !== "pending";
  }
  const priority = $("select", row);
  if (priority !== document.activeElement && priority.value !== item.priority) {
    priority.value = item.priority;
  }
  const bar = $("progress", row);
  bar.hidden = !isLoading;
  if (item.progress_percent == null) bar.removeAttribute("value");
  else if (bar.value !== item.progress_percent) bar.value = item.progress_percent;
  const line = $(".soft", row);
  const { text, isEnglish } = describe(item);
  if (line.lang !== (isEnglish ? "en" : "")) line.lang = isEnglish ? "en" : "";
  setText(line, text);
}

/** What is to be said of an item in one line. */
function describe(item) {
  if (item.status === "failed") return describeReason(item.error_message, item.error_code);
  if (item.status !== "downloading" && item.reason) return describeReason(item.reason, null);
  return { text: describeTransfer(item), isEnglish: false };
}

function describeTransfer(item) {
  const total = item.total_bytes ? formatSize(item.total_bytes) : "";
  if (item.status !== "downloading") return total;
  if (!item.downloaded_bytes) return t("starting");
  const facts = [];
  const done = formatSize(item.downloaded_bytes);
  if (item.progress_percent != null) facts.push(formatPercent(item.progress_percent));
  if (item.speed_mbps) facts.push(formatSpeed(item.speed_mbps));
  if (item.eta_seconds != null) {
    facts.push(t("timeLeft", { time: formatDuration(item.eta_seconds) }));
  }
  facts.push(total ? t("doneOfTotal", { done, total }) : done);
  return facts.join(" · ");
}
