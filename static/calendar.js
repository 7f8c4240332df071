// The calendar: which episodes air when, and what became of those that did.

import { callApi } from "./api.js";
import "./calendar_texts.js";
import { $, h, loadStyle, setHidden, setText, syncList } from "./dom.js";
import { updateStates } from "./episode_states.js";
import { dayOf, formatWeekday, isoDay } from "./formats.js";
import { t } from "./i18n.js";
import { onSeriesChange } from "./library_state.js";
import { makePicture } from "./pictures.js";
import { queue } from "./queue_state.js";
import { href } from "./router.js";

const DAY_MS = 86_400_000;
const [DAYS_BEFORE, DAYS_AFTER] = [7, 28];
const CHANGE_MS = 1000; // for which changes of series are gathered before the days are asked for

export async function open(root) {
  let [entries] = await Promise.all([load(), loadStyle("calendar.css")]);
  let shownDay = isoDay();
  let timer = 0;
  const list = h("div.days");
  const empty = h("div.empty", {}, h("strong", {}, t("nothingAirs")), t("nothingAirsHint"));
  root.append(h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("calendar"))), list, empty);

  async function reload() {
    entries = await load();
    shownDay = isoDay();
    draw();
  }

  function reloadSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => reload().catch(() => {}), CHANGE_MS);
  }

  /** The days go on while a tab is out of sight. */
  function followDay() {
    if (document.visibilityState === "visible" && shownDay !== isoDay()) reloadSoon();
  }

  function draw(changed = new Set(["all"])) {
    if (changed.size === 1 && changed.has("progress")) return;
    if (changed.has("lost")) reloadSoon();
    const series = Map.groupBy(entries, (episode) => episode.anime_id);
    for (const [id, episodes] of series) updateStates(id, episodes, queue);
    const days = [...Map.groupBy(entries, ({ aired }) => dayOf(aired))];
    days.sort(([a], [b]) => a.localeCompare(b));
    syncList(list, days, { key: ([day]) => day, create: makeDay, update: updateDay });
    setHidden(empty, days.length > 0, $("h1", root));
  }

  const stopListening = onSeriesChange(reloadSoon);
  document.addEventListener("visibilitychange", followDay);
  return {
    title: t("calendar"),
    draw,
    close() {
      clearTimeout(timer);
      stopListening();
      document.removeEventListener("visibilitychange", followDay);
    },
  };
}

async function load() {
  const [from, to] = [-DAYS_BEFORE, DAYS_AFTER].map((days) => isoDay(Date.now() + days * DAY_MS));
  try {
    return (await callApi("GET", `v1/calendar?from=${from}&to=${to}`)).data;
  } catch (error) {
    if (error.status === 404) return []; // a server without a calendar
    throw error;
  }
}

const makeDay = () => h("section.card", {}, h("h2", { tabIndex: -1 }), h("ul.rows"));

function updateDay(section, [day, episodes]) {
  const today = isoDay();
  const name = formatWeekday(day);
  setText($("h2", section), day === today ? t("today", { day: name }) : name);
  section.dataset.day = day === today ? "today" : day < today ? "past" : "coming";
  syncList($("ul", section), episodes, {
    key: ({ anime_id: id, code }) => `${id} ${code}`,
    create: makeRow,
    update: updateRow,
  });
}

function makeRow({ anime_id: id, title, code, episode_title: name }) {
  const about = h("span.soft", {}, h("b.code", {}, code), " ", name);
  const text = h("p.text", {}, h("a", { href: href(`series/${id}`) }, title), about);
  return h("li.line-row", {}, makePicture({ id, title }), text, h("span.badge"));
}

function updateRow(row, { state }) {
  const badge = $(".badge", row);
  badge.dataset.state = state;
  setText(badge, t(`airing.${state}`));
  badge.hidden = state === "upcoming"; // as its day says
}
