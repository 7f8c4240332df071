// How a series' files are read and called: its source, the numbers in their names, what is no episode, and new names.

import { call } from "./net.js";
import { $, complain, make, put, run, sync, t, tn, toast } from "./text.js";

const box = $("#reading");
let series = null; // what the details say
let changed = null; // what to do when they are others
let typing = 0;

export function show(details, reload) {
  const again = box.open && series?.id === details.id;
  series = details;
  changed = reload;
  box.hidden = !details.source; // not followed: nothing of it lies here
  $("#numbering").value = details.numbering ?? "auto";
  $("#offset").value = details.offset;
  $("#source").value = details.source?.startsWith("local_") ? "" : details.source ?? "";
  $("#sources").replaceChildren();
  box.open = again || details.episode_list.some((one) => one.state === "ambiguous");
  if (again) return look();
}

const path = (rest) => `v1/anime/${series.id}/${rest}`;

box.ontoggle = () => box.open && look().catch(complain);

async function look() {
  const answers = await Promise.all(["ambiguous", "extra"].map((state) => call("GET", path(`episodes?state=${state}&per_page=100`))));
  const files = new Map(answers.flatMap((answer) => answer.data).map((one) => [one.path, one]));
  list("#odd", [...files.values()].map((one) => [one.path, one.why]));
  list("#moves", []);
  $("#rename").hidden = true;
}

function list(where, lines) {
  $(where).hidden = !lines.length;
  sync($(`${where} ul`), lines, ([first]) => first, () => make("line"), (node, [first, second]) => {
    put($("b", node), first);
    put($("span", node), second);
  });
}

$("#source").oninput = ({ target }) => {
  clearTimeout(typing);
  const q = target.value.trim();
  if (!q || q.includes("_")) return; // an id that was chosen
  typing = setTimeout(() => run(target, async () => {
    const { data } = await call("GET", `v1/anime/search?q=${encodeURIComponent(q)}`);
    $("#sources").replaceChildren(...data.map((hit) => Object.assign(document.createElement("option"), { value: hit.key, label: hit.name })));
  }), 400);
};

$("#link").onsubmit = (event) => {
  event.preventDefault();
  run($("#link button"), async () => {
    const source = $("#source").value.trim();
    const body = { numbering: $("#numbering").value, offset: Number($("#offset").value) };
    if (source && source !== series.source) body.source = source;
    const { data } = await call("PUT", path("link"), body);
    toast(`${tn("lacks", data.missing_episodes)}, ${tn("unsure", data.ambiguous_files)}`);
    await changed();
  });
};

$("#preview").onclick = ({ currentTarget }) => run(currentTarget, async () => {
  const { moves, left } = (await call("POST", path("rename"))).data;
  list("#moves", [...moves.map((one) => [one.new, one.old]), ...left.map((one) => [one.path, one.why])]);
  $("#rename").hidden = !moves.length;
  put($("#rename"), tn("rename", moves.length));
  if (!moves.length && !left.length) toast(t("namesAsWanted"));
});

$("#rename").onclick = ({ currentTarget }) => run(currentTarget, async () => {
  const id = series.id;
  const rename = async (body) => {
    const { moves } = (await call("POST", `v1/anime/${id}/rename`, { dry_run: false, ...body })).data;
    if (series.id === id) await changed();
    return moves.length;
  };
  toast(tn("renamed", await rename({})), {
    action: { text: t("undo"), run: () => run($("#preview"), async () => toast(tn("renamed", await rename({ undo: true })))) },
  });
});
