// What the queue knows of episodes, beyond what was told of them when they were asked for.

const QUEUE_STATES = ["pending", "downloading", "failed"];

/**
 * Bring the states of a series' episodes up to date with the queue, which knows what came later.
 * @param {string} id of the series
 * @param {any[]} episodes each with its `code` and its `state`
 */
export function updateStates(id, episodes, queue) {
  const items = new Map();
  for (const item of queue.items.values()) if (item.anime_id === id) items.set(item.episode, item);
  const group = queue.groups.get(id);
  const isQueued = group && group.pending + group.downloading + group.failed > 0;
  for (const episode of episodes) {
    const item = items.get(episode.code);
    const wasQueued = QUEUE_STATES.includes(episode.state);
    episode.item = item;
    if (!item) episode.isReplaced = false;
    if (item?.status === "completed") {
      if (wasQueued) episode.state = "present";
      if (episode.isReplaced) episode.changed = episode.isReplaced = false;
    } else if (item) {
      if (episode.state !== "present") episode.state = item.status;
      else episode.isReplaced = item.status !== "failed";
    } else if (wasQueued && queue.isLoaded && !isQueued) {
      episode.state = "missing"; // its item was removed
    }
  }
}
