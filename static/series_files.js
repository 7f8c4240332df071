// The box in a series' dialog about its files: which source's series they are, in which folders
// they lie, what the numbers and titles in their names mean, which of them are no episodes, and
// giving them new names.

import { callApi } from "./api.js";
import { $, makeFromTemplate, setHidden, setText, syncList } from "./dom.js";
import { runAction, showRefusal, showToast } from "./feedback.js";
import { t, tn } from "./i18n.js";

const TYPING_PAUSE_MS = 400; // before the sources are asked
const box = $("#series-files");
const sourceField = $("#source");
let series = null; // as GET /api/v1/anime/{id} answers it
let reload = async () => {}; // loads the series again, after a change to its files
let typingTimer = 0;

/**
 * Fill the box for a series. An open box stays open when the same series is loaded again, and
 * opens by itself when a file is ambiguous.
 * @param {any} shownSeries
 * @param {() => Promise<void>} onChange
 */
export async function show(shownSeries, onChange) {
  const staysOpen = box.open && series?.id === shownSeries.id;
  series = shownSeries;
  reload = onChange;
  const { source, numbering, offset, folders, titles, episode_list: episodes } = series;
  box.hidden = !source; // a series without a source is not in the library
  $("#numbering").value = numbering ?? "auto";
  $("#offset").value = offset;
  sourceField.value = source?.startsWith("local_") ? "" : (source ?? "");
  $("#titles").value = titles.join("; ");
  drawFolders(folders.length > 1 ? folders : []);
  $("#source-hits").replaceChildren();
  box.open = staysOpen || episodes.some((episode) => episode.state === "ambiguous");
  if (staysOpen) await loadOtherFiles();
}

const seriesPath = (rest) => `v1/anime/${series.id}/${rest}`;

box.ontoggle = () => {
  if (box.open) loadOtherFiles().catch(showRefusal);
};

async function loadOtherFiles() {
  const calls = ["ambiguous", "extra"].map((state) =>
    callApi("GET", seriesPath(`episodes?state=${state}&per_page=100`)),
  );
  const answers = await Promise.all(calls);
  const episodes = answers.flatMap((answer) => answer.data);
  const whyByPath = new Map(episodes.map(({ path, why }) => [path, why])); // a file may be several
  const areSome = answers[0].data.length > 0;
  const choices = areSome ? (await callApi("GET", seriesPath("choices"))).data : [];
  // All at once: nothing moves under a finger that is about to press.
  drawFiles($("#other-files"), [...whyByPath]);
  drawQuestion(choices);
  drawFiles($("#new-names"), []);
  setHidden($("#rename-files"), true, $("#preview-names"));
}

/** Show a list of files, each as a pair of lines. */
function drawFiles(part, lines) {
  part.hidden = !lines.length;
  syncList($("ul", part), lines, {
    key: ([first]) => first,
    create: () => makeFromTemplate("file-row"),
    update(row, [first, second]) {
      setText($("b", row), first);
      setText($("span", row), second);
    },
  });
}

// -- ambiguous files: asked about as a group, and the answer is kept for the series ---------------

function drawQuestion(choices) {
  setHidden($("#question"), !choices.length, $("#source"));
  syncList($("#question ul"), choices, {
    key: ({ numbering, titles }) => JSON.stringify({ numbering, titles }),
    create: () => makeFromTemplate("choice-row"),
    update: updateChoice,
  });
}

function updateChoice(row, choice) {
  const { numbering, titles, examples } = choice;
  const way = numbering
    ? `${t("numbering")}: ${t(`numbering.${numbering}`)}`
    : t("titleIsToo", { title: titles.at(-1) });
  setText($("b", row), way);
  const lines = examples.map(({ path, episodes }) => {
    const codes = episodes.join(" ") || t("noEpisode");
    return `${path.slice(path.lastIndexOf("/") + 1)}: ${codes}`;
  });
  const missing = tn("missingCount", choice.missing_episodes);
  const ambiguous = tn("ambiguousCount", choice.ambiguous_files);
  setText($("span", row), [...lines, missing, ambiguous].join(" · "));
  $("button", row).ariaLabel = `${t("soItIs")}: ${way}`;
}

$("#question").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const answer = Object.entries(JSON.parse(button.closest("li").dataset.key));
  const word = Object.fromEntries(answer.filter(([, value]) => value !== null));
  runAction(button, async () => {
    const { data } = await callApi("PUT", seriesPath("link"), word);
    await reload();
    const missing = tn("missingCount", data.missing_episodes);
    showToast(`${missing}, ${tn("ambiguousCount", data.ambiguous_files)}`);
  });
});

// -- the folders --------------------------------------------------------------------------------

function drawFolders(folders) {
  $("#folders").hidden = !folders.length;
  syncList($("#folders ul"), folders, {
    key: (folder) => folder,
    create: () => makeFromTemplate("folder-row"),
    update(row, folder) {
      setText($("b", row), folder);
      $("button", row).onclick = ({ currentTarget: button }) =>
        runAction(button, () => separate(folder));
    },
  });
}

/** Make a folder a series of its own. */
async function separate(folder) {
  const folders = series.folders.filter((other) => other !== folder);
  await callApi("PUT", seriesPath("link"), { folders });
  await reload();
  showToast(t("separated", { folder }));
}

// -- the source's series, and the numbers ---------------------------------------------------------

sourceField.oninput = () => {
  clearTimeout(typingTimer);
  const text = sourceField.value.trim();
  if (!text || text.includes("_")) return; // an id, chosen from the hits
  typingTimer = setTimeout(() => runAction(sourceField, () => suggest(text)), TYPING_PAUSE_MS);
};

async function suggest(text) {
  const { data: hits } = await callApi("GET", `v1/anime/search?q=${encodeURIComponent(text)}`);
  $("#source-hits").replaceChildren(...hits.map((hit) => new Option(hit.name, hit.key)));
}

$("#source-form").onsubmit = (event) => {
  event.preventDefault();
  const source = sourceField.value.trim();
  const titles = $("#titles").value.split(";").map((title) => title.trim());
  const body = {
    numbering: $("#numbering").value,
    offset: Number($("#offset").value),
    titles: titles.filter(Boolean),
  };
  if (source && source !== series.source) body.source = source;
  const path = seriesPath("link");
  runAction(event.currentTarget, async () => {
    const { data } = await callApi("PUT", path, body);
    await reload();
    const missing = tn("missingCount", data.missing_episodes);
    showToast(`${missing}, ${tn("ambiguousCount", data.ambiguous_files)}`);
  });
};

// -- new names ------------------------------------------------------------------------------------

$("#preview-names").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    const { moves, left } = (await callApi("POST", seriesPath("rename"))).data;
    const moved = moves.map((move) => [move.new, move.old]);
    const staying = left.map((file) => [file.path, t("nameStays", { why: file.why })]);
    drawFiles($("#new-names"), [...moved, ...staying]);
    setHidden($("#rename-files"), !moves.length, button);
    setText($("#rename-files"), tn("rename", moves.length));
    if (!moves.length && !left.length) showToast(t("namesUnchanged"));
  });

$("#rename-files").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    const { id } = series;
    const renamed = await renameFiles(id, {});
    const undo = async () => showToast(tn("renamed", await renameFiles(id, { undo: true })));
    const action = { text: t("undo"), run: () => runAction($("#preview-names"), undo) };
    showToast(tn("renamed", renamed), { action });
  });

/** How many files of the series were renamed. */
async function renameFiles(seriesId, options) {
  const body = { dry_run: false, ...options };
  const { data } = await callApi("POST", `v1/anime/${seriesId}/rename`, body);
  if (series.id === seriesId) await reload();
  return data.moves.length;
}
