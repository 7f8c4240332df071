// Ambiguous files: asked about as a group in one dialog, and the answer is kept for the series.

import { callApi } from "./api.js";
import { showDialog } from "./dialogs.js";
import { h, setHidden } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";

/** A notice that leads to the dialog; hidden while nothing is to be asked. */
export function makeQuestion(context) {
  const open = h("button.main", { type: "button", id: "ask", hidden: true }, t("answer"));
  const text = h("span.text");
  const node = h("div.notice.line-row", { id: "question-notice", hidden: true }, text, open);
  let choices = [];

  async function update() {
    const { episode_list: episodes, source } = context.series;
    const files = new Set(episodes.filter(isAmbiguous).map(({ path }) => path)).size;
    const heir = node.closest(".view")?.querySelector("h1");
    text.textContent = tn("ambiguousCount", files);
    setHidden(node, !files, heir);
    choices = files && source ? (await callApi("GET", context.path("choices"))).data : [];
    setHidden(open, !choices.length, heir);
  }

  open.onclick = () => {
    const list = h("ul.rows", { id: "question" });
    const dialog = showDialog(t("question"), list);
    list.append(...choices.map((choice) => makeChoice(choice, context, dialog)));
  };

  return { node, update };
}

const isAmbiguous = ({ state }) => state === "ambiguous";

function makeChoice(choice, context, dialog) {
  const { numbering, titles, examples } = choice;
  const way = numbering
    ? `${t("numbering")}: ${t(`numbering.${numbering}`)}`
    : t("titleIsToo", { title: titles.at(-1) });
  const lines = examples.map(({ path, episodes }) => {
    const codes = episodes.join(" ") || t("noEpisode");
    return h("li.soft", {}, `${path.slice(path.lastIndexOf("/") + 1)}: ${codes}`);
  });
  const counts = [
    tn("missingCount", choice.missing_episodes),
    tn("ambiguousCount", choice.ambiguous_files),
  ];
  const accept = h("button", { type: "button", ariaLabel: `${t("soItIs")}: ${way}` }, t("soItIs"));
  accept.onclick = () =>
    runAction(accept, async () => {
      const word = Object.entries({ numbering, titles }).filter(([, value]) => value != null);
      const { data } = await callApi("PUT", context.path("link"), Object.fromEntries(word));
      await context.reload();
      dialog.close();
      (document.querySelector("#ask:not([hidden])") ?? document.querySelector("#view h1")).focus();
      const missing = tn("missingCount", data.missing_episodes);
      showToast(`${missing}, ${tn("ambiguousCount", data.ambiguous_files)}`);
    });
  return h(
    "li.file-row",
    {},
    h("b", {}, way),
    h("ul", {}, lines),
    h("span", {}, counts.join(" · ")),
    accept,
  );
}
