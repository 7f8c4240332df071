// The sources of a series: those that have it, and those of which its owner is asked.

import { callApi } from "./api.js";
import { h, setText, syncList } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { formatNumber } from "./formats.js";
import { t, tn } from "./i18n.js";
import { href } from "./router.js";

/** @param {{series: any, reload: () => Promise<void>, path: (rest: string) => string}} context */
export function makeSources(context) {
  const list = h("ul.rows", { id: "series-sources-list" });
  const asked = h("ul.asked", { id: "possible-sources" });
  const title = t("sourcesOf");
  const card = h(
    "section.card",
    { id: "sources-card", ariaLabel: title },
    h("h2", {}, title),
    list,
  );

  /** Keep the owner's word on which series of which sources are this one. */
  async function keep(sources) {
    await callApi("PUT", context.path("link"), { sources });
    await context.reload();
    showToast(t("sourcesKept"));
  }

  /** The sources as they are, the leading one first. */
  function known() {
    const { source: leading, sources } = context.series;
    const kept = sources.map((source) => ({
      source: idOf(source),
      numbering: source.numbering ?? "auto",
    }));
    return kept.sort((a, b) => Number(b.source === leading) - Number(a.source === leading));
  }

  function makeRow(source) {
    const apart = h("button.plain", { type: "button", data: { action: "apart" } }, t("notThisOne"));
    apart.ariaLabel = `${t("notThisOne")}: ${source.name}`;
    apart.onclick = () =>
      runAction(apart, () => keep(known().filter((each) => each.source !== idOf(source))));
    return h(
      "li.line-row",
      {},
      h("p.text", {}, h("b", {}, source.name), " ", h("span.soft")),
      apart,
    );
  }

  function updateRow(row, source) {
    const facts = [source.title, tn("episodeCount", source.episodes)];
    if (source.left_out?.length) {
      facts.push(t("leftOut", { n: formatNumber(source.left_out.length) }));
    }
    if (source.absent) facts.push(t("absent"));
    setText(row.querySelector(".soft"), facts.filter(Boolean).join(" · "));
    row.querySelector("button").hidden = context.series.sources.length < 2;
  }

  function makeQuestion({ id, name, title: other }) {
    const yes = h("button.main", { type: "button" }, t("isThisOne"));
    const no = h("button", { type: "button" }, t("isAnother"));
    yes.ariaLabel = `${t("isThisOne")}: ${name}`;
    no.ariaLabel = `${t("isAnother")}: ${name}`;
    yes.onclick = () => runAction(yes, () => keep([...known(), { source: id }]));
    no.onclick = () => runAction(no, () => keep(known()));
    const link = h("a", { href: href(`series/${id}`) }, other);
    const text = h("p.text", {}, t("isItAt", { name }), " ", link);
    return h("li.notice.line-row", {}, text, yes, no);
  }

  return {
    /** What the owner is asked, above all else. */
    questions: asked,
    node: card,
    update() {
      const { sources, possible_sources: possible = [], source } = context.series;
      card.hidden = !sources.length || !source;
      syncList(list, sources, { key: idOf, create: makeRow, update: updateRow });
      const create = makeQuestion;
      syncList(asked, source ? possible : [], { key: ({ id }) => id, create, update() {} });
    },
  };
}

const idOf = ({ name, key }) => `${name}_${key}`;
