// Taking items out of the queue, and what can be done about it afterwards.

import { callApi } from "./api.js";
import { runAction, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";
import { byWork } from "./queue_items.js";
import { countItems, itemName, itemsWith, queue } from "./queue_state.js";
import { navigate } from "./router.js";

/** Take one item out. A click queues it again: one that waited at its old place. */
export async function removeItem(id) {
  const item = { ...queue.items.get(id) };
  const next = item.status === "pending" ? nextInOrder(item) : null;
  await callApi("DELETE", `queue/${id}`);
  if (!item.status) return;
  const name = itemName(item);
  if (item.status === "completed") return tellOfHistory(t("completedRemoved", { name }));
  // Whatever has begun has left bytes, and they are gone with the item.
  const text = t(item.started_at ? "removedWithBytes" : "removed", { name });
  const isSame = item.status === "pending" && !item.started_at;
  offer(text, isSame ? "undo" : "queueAgain", [item], next);
}

/** Clear the items that have failed or are completed from the list. */
export async function clearFinished(status) {
  const items = itemsWith(status);
  const count = countItems(status);
  await callApi("DELETE", `queue?status=${status}`);
  if (status === "completed") return tellOfHistory(tn("clearedCompleted", count));
  const text = tn("clearedFailed", count);
  offerAgain(text, items, count);
}

/** Say that items are gone, and offer to queue them again where all of them are known here. */
export function offerAgain(text, items, count) {
  if (items.length === count) offer(text, "queueAgain", items);
  else showToast(text);
}

function tellOfHistory(text) {
  const action = { name: "history", text: t("toHistory"), run: () => navigate("history") };
  showToast(text, { actions: [action] });
}

function offer(text, name, items, next = null) {
  const run = () => runAction(document.body, () => queueAgain(items, next));
  showToast(text, { actions: [{ name, text: t(name), run }] });
}

/** The item that is worked on right after this one, among those of its priority. */
function nextInOrder(item) {
  const others = itemsWith("pending").filter(({ priority }) => priority === item.priority);
  const order = others.sort(byWork);
  return order[order.findIndex((other) => other.queue_item_id === item.queue_item_id) + 1] ?? null;
}

/** What an item was asked for with, beside its episode. */
const orderOf = ({ anime_id, priority, replace }) => ({ anime_id, priority, replace });

async function queueAgain(items, next) {
  const added = [];
  const groups = Map.groupBy(items, (item) => JSON.stringify(orderOf(item)));
  for (const [order, same] of groups) {
    const episodes = same.map(({ episode }) => episode);
    try {
      const { data } = await callApi("POST", "queue/add", { ...JSON.parse(order), episodes });
      added.push(...data.items);
    } catch (error) {
      if (error.code !== "CONFLICT") throw error; // else somebody else has queued them
    }
  }
  if (next && added.length && queue.items.get(next.queue_item_id)?.status === "pending") {
    await callApi("PUT", "queue", { items: added, series: [], before: next.queue_item_id });
  }
  showToast(added.length ? tn("queuedAgain", added.length) : t("everythingQueued"));
}
