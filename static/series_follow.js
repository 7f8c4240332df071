// Following a series: whether, what of it, and which seasons.

import { callApi } from "./api.js";
import { tellAndOfferStart } from "./commands.js";
import { h, setText, syncList } from "./dom.js";
import { announce, runAction, showToast } from "./feedback.js";
import { t } from "./i18n.js";
import { noteLibraryChange } from "./library_state.js";
import { seasonOf } from "./series_seasons.js";

const MODES = ["off", "new", "all"];

/**
 * Make the choice; null where the server does not know that, or no source has the series.
 * @param {{series: any, reload: () => Promise<void>, path: (rest: string) => string}} context
 */
export function makeFollow(context) {
  const { follow, source, sources } = context.series;
  if (!follow || !(source || sources.length)) return null;
  const select = h("select", { id: "follow", ariaLabel: t("follow") });
  select.append(...MODES.map((mode) => new Option(t(`follow.${mode}`), mode)));
  const summary = h("summary");
  const boxes = h("div.checks", { id: "follow-seasons", role: "group" });
  boxes.ariaLabel = t("followedSeasons");
  const hint = h("p.soft", {}, t("followedSeasonsHint"));
  const details = h("details", {}, summary, boxes, hint);

  const seasons = () => {
    const numbers = new Set(context.series.episode_list.map(seasonOf));
    for (const chosen of context.series.follow.seasons) numbers.add(chosen);
    numbers.delete(-1);
    return [...numbers].sort((a, b) => a - b);
  };
  const isChosen = (season) => {
    const chosen = context.series.follow.seasons;
    return chosen.length ? chosen.includes(season) : season > 0;
  };

  function draw() {
    const { mode, seasons: chosen } = context.series.follow;
    select.value = mode;
    details.hidden = mode === "off" || seasons().length < 2;
    const names = chosen.map((season) => (season ? String(season) : t("specials")));
    const text = chosen.length ? t("onlySeasons", { names: names.join(", ") }) : t("allSeasons");
    setText(summary, text);
    syncList(boxes, seasons(), {
      key: (season) => String(season),
      create: makeBox,
      update: (label, season) => (label.firstChild.checked = isChosen(season)),
    });
  }

  function makeBox(season) {
    const box = h("input", { type: "checkbox", value: String(season) });
    box.onchange = () => {
      const checked = [...boxes.querySelectorAll(":checked")].map(({ value }) => Number(value));
      runAction(boxes, () => keepSeasons(checked)); // later the boxes may show something else
    };
    const name = season ? t("season", { n: String(season) }) : t("specials");
    return h("label.check", {}, box, name);
  }

  /** Keep what is checked; all but the specials is kept as "all", so that later ones count too. */
  async function keepSeasons(checked) {
    if (!checked.length) {
      draw();
      return announce(t("oneSeasonAtLeast"));
    }
    const isAll = seasons().every((season) => checked.includes(season) === season > 0);
    await keep({ follow: context.series.follow.mode, seasons: isAll ? [] : checked });
    showToast(t("followedSeasonsKept"));
  }

  async function keep(body) {
    try {
      const { data } = await callApi("PUT", context.path("follow"), body);
      context.series.follow = { mode: data.mode, seasons: data.seasons };
    } finally {
      draw();
    }
    if (context.series.source) noteLibraryChange();
    else await context.reload(); // it is in the library now
  }

  select.onchange = () => {
    const mode = select.value;
    runAction(select, async () => {
      await keep({ follow: mode, seasons: context.series.follow.seasons });
      const text = t(`followed.${mode}`, { title: context.series.title });
      if (mode === "off") showToast(text);
      else tellAndOfferStart(text);
    });
  };
  return { node: h("div.follow", {}, h("label.check", {}, t("follow"), select), details), draw };
}
