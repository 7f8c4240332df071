// The box about a series' files: which source's series they are, in which folders they lie, what
// the numbers and titles in their names mean, which are no episodes, and giving them new names.

import { callApi } from "./api.js";
import { $, h, makeRefill, setHidden, setText, syncList } from "./dom.js";
import { runAction, showRefusal, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";
import { describeFile } from "./reasons.js";

const TYPING_PAUSE_MS = 400; // before the sources are asked

/**
 * @param {{series: any, reload: (options?: {isSent?: boolean}) => Promise<void>,
 *   path: (rest: string) => string}} context
 */
export function makeFiles(context) {
  const summary = h("summary", {}, t("sourceAndNames"));
  const box = h("details.card", { id: "series-files" }, summary);
  const form = makeForm(context);
  const preview = h("button", { id: "preview-names", type: "button" }, t("previewNames"));
  const rename = h("button.main", { id: "rename-files", type: "button", hidden: true });
  box.append(
    form,
    makePart("folders", t("folders")),
    makePart("other-files", t("otherFiles")),
    h("div.head", {}, preview, rename),
    makePart("new-names"),
  );

  preview.onclick = () =>
    runAction(preview, async () => {
      const { moves, left } = (await callApi("POST", context.path("rename"))).data;
      const moved = moves.map((move) => [move.new, move.old]);
      const staying = left.map(({ path, why }) => [
        path,
        t("nameStays", { why: describeFile(why) }),
      ]);
      drawFiles($("#new-names", box), [...moved, ...staying]);
      setHidden(rename, !moves.length, preview);
      setText(rename, tn("rename", moves.length));
      if (!moves.length && !left.length) showToast(t("namesUnchanged"));
    });

  rename.onclick = () =>
    runAction(rename, async () => {
      const renamed = await renameFiles(context, {});
      const undo = async () => showToast(tn("renamed", await renameFiles(context, { undo: true })));
      const action = { name: "undo", text: t("undo"), run: () => runAction(preview, undo) };
      showToast(tn("renamed", renamed), { actions: [action] });
    });

  const refill = makeRefill(form, () => fillForm(form, context.series));

  /**
   * Show the series as it is known now; an open box asks for its files again.
   * @param {boolean} [isOwn] the form was sent
   */
  async function update(isOwn) {
    box.hidden = !context.series.source; // a series without a source is not in the library
    refill(isOwn);
    drawFolders(context, $("#folders", box));
    if (box.open) await loadOtherFiles();
  }

  async function loadOtherFiles() {
    const calls = ["ambiguous", "extra"].map((state) =>
      callApi("GET", context.path(`episodes?state=${state}&per_page=100`)),
    );
    const episodes = (await Promise.all(calls)).flatMap((answer) => answer.data);
    // A file may be several episodes.
    const whyByPath = new Map(episodes.map(({ path, why }) => [path, describeFile(why)]));
    drawFiles($("#other-files", box), [...whyByPath]);
    drawFiles($("#new-names", box), []);
    setHidden(rename, true, preview);
  }

  box.ontoggle = () => {
    if (box.open) loadOtherFiles().catch(showRefusal);
  };
  update(true).catch(() => {});
  box.open = context.series.episode_list.some(({ state }) => state === "ambiguous");
  return { node: box, update };
}

function makePart(id, title) {
  return h("div", { id, hidden: true }, title ? h("h3", {}, title) : null, h("ul.rows"));
}

/** Show a list of files, each as a pair of lines. */
function drawFiles(part, lines) {
  part.hidden = !lines.length;
  syncList($("ul", part), lines, {
    key: ([first]) => first,
    create: () => h("li.file-row", {}, h("b"), h("span.soft")),
    update(row, [first, second]) {
      setText($("b", row), first);
      setText($("span", row), second);
    },
  });
}

// -- the folders ----------------------------------------------------------------------------------

function drawFolders(context, part) {
  const folders = context.series.folders.length > 1 ? context.series.folders : [];
  part.hidden = !folders.length;
  syncList($("ul", part), folders, {
    key: (folder) => folder,
    create: (folder) => {
      const button = h("button.plain", { type: "button" }, t("separate"));
      button.ariaLabel = `${t("separate")}: ${folder}`;
      button.onclick = () => runAction(button, () => separate(context, folder));
      return h("li.file-row", {}, h("b", {}, folder), button);
    },
    update() {},
  });
}

/** Make a folder a series of its own. */
async function separate(context, folder) {
  const folders = context.series.folders.filter((other) => other !== folder);
  await callApi("PUT", context.path("link"), { folders });
  await context.reload();
  showToast(t("separated", { folder }));
}

// -- the source's series, and the numbers ---------------------------------------------------------

function makeForm(context) {
  const field = (id, label, input) => h("div.field", {}, h("label", { htmlFor: id }, label), input);
  const text = (id, more) => h("input", { id, autocomplete: "off", spellcheck: false, ...more });
  const ways = ["auto", "season", "absolute"];
  const numbering = h("select", { id: "numbering" });
  numbering.append(...ways.map((way) => new Option(t(`numbering.${way}`), way)));
  const offset = { type: "number", min: -100000, max: 100000, step: 1, required: true };
  const source = text("source", { maxlength: 300, placeholder: t("sourceHint") });
  source.setAttribute("list", "source-hits");
  const titles = text("titles", { maxlength: 2000, placeholder: t("titlesHint") });
  const form = h(
    "form.fields",
    { id: "source-form" },
    field("source", t("source"), source),
    h("datalist", { id: "source-hits" }),
    field("numbering", t("numbering"), numbering),
    field("offset", t("offset"), text("offset", offset)),
    field("titles", t("titles"), titles),
    h("button", { type: "submit" }, t("apply")),
  );
  suggestWhileTyping(form);
  form.onsubmit = (event) => {
    event.preventDefault();
    const body = readForm(form, context.series);
    runAction(form, async () => {
      const { data } = await callApi("PUT", context.path("link"), body);
      await context.reload({ isSent: true });
      const missing = tn("missingCount", data.missing_episodes);
      showToast(`${missing}, ${tn("ambiguousCount", data.ambiguous_files)}`);
    });
  };
  return form;
}

function fillForm(form, { source, numbering, offset, titles }) {
  $("#numbering", form).value = numbering ?? "auto";
  $("#offset", form).value = offset;
  $("#source", form).value = source?.startsWith("local_") ? "" : (source ?? "");
  $("#titles", form).value = titles.join("; ");
  $("#source-hits", form).replaceChildren();
}

function readForm(form, series) {
  const source = $("#source", form).value.trim();
  const titles = $("#titles", form)
    .value.split(";")
    .map((title) => title.trim());
  const body = {
    numbering: $("#numbering", form).value,
    offset: Number($("#offset", form).value),
    titles: titles.filter(Boolean),
  };
  if (source && source !== series.source) body.source = source;
  return body;
}

function suggestWhileTyping(form) {
  const field = $("#source", form);
  let timer = 0;
  const suggest = async (text) => {
    const { data: hits } = await callApi("GET", `v1/anime/search?q=${encodeURIComponent(text)}`);
    $("#source-hits", form).replaceChildren(...hits.map((hit) => new Option(hit.name, hit.key)));
  };
  field.oninput = () => {
    clearTimeout(timer);
    const text = field.value.trim();
    if (!text || text.includes("_")) return; // an id, chosen from the hits
    timer = setTimeout(() => runAction(field, () => suggest(text)), TYPING_PAUSE_MS);
  };
}

// -- new names ------------------------------------------------------------------------------------

/** How many files of the series were renamed. */
async function renameFiles(context, options) {
  const body = { dry_run: false, ...options };
  const { data } = await callApi("POST", context.path("rename"), body);
  await context.reload();
  return data.moves.length;
}
