// A setting that is a list: sources, notifications, media servers. Each entry has a dialog in which
// it can be tried before it is saved.

import { callApi } from "./api.js";
import { ask, showDialog } from "./dialogs.js";
import { $, h, icon, setText } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { makeFields, problemsOf, sayProblems } from "./form_fields.js";
import { t, tn } from "./i18n.js";
import { makeSentence } from "./reasons.js";

/**
 * How a list is edited. `kinds` has the fields of each type, `common` those of all, `rare` those
 * that few need, `kept` names what has no field of its own; `test` is the call that tries an entry.
 * @typedef {{setting: string, textOf: (type: string) => string,
 *   hintOf: (type: string) => string, removal: string, test: string, add: string,
 *   kinds: Record<string, import("./form_fields.js").Field[]>,
 *   common: import("./form_fields.js").Field[], rare: import("./form_fields.js").Field[],
 *   fresh: Record<string, any>, kept?: string[], complete?: (entry: any, entries: any[]) => void,
 *   describe: (entry: any) => (Node | string)[], isOrdered?: boolean,
 *   onSaved?: () => void}} List
 */

/**
 * Make the card of a list.
 * @param {List} list
 * @param {any} config the settings in force; they are kept up to date
 * @param {{title: any, hint: string}} texts
 */
export function makeEntries(list, config, { title, hint }) {
  const rows = h("ul.rows.entries");
  const empty = h("p.soft", {}, t("noEntries"));
  const add = h("button.main", { type: "button", data: { action: "add" } }, t(list.add));
  const setBy = config.forced?.[list.setting];
  const editor = { list, config, draw, save };
  add.disabled = Boolean(setBy);
  add.onclick = () => openEntry(editor, null);

  async function save(entries) {
    const { data } = await callApi("PUT", "config", { [list.setting]: entries });
    Object.assign(config, data);
    draw();
    list.onSaved?.();
  }

  function draw() {
    const focused = rows.contains(document.activeElement) && document.activeElement.dataset.action;
    const entries = config[list.setting];
    rows.replaceChildren(...entries.map((entry, index) => makeRow(editor, entry, index, setBy)));
    empty.hidden = entries.length > 0;
    if (focused) ($(`[data-action="${focused}"]:enabled`, rows) ?? add).focus();
  }

  draw();
  const fixed = setBy && h("p.notice", {}, t("setBy", { variable: setBy }));
  return h(
    "section.card",
    { data: { list: list.setting } },
    h("h2", { tabIndex: -1 }, title),
    h("p.soft", {}, hint),
    fixed,
    rows,
    empty,
    h("div.foot", {}, add),
  );
}

function makeRow(editor, entry, index, setBy) {
  const { list, config, save } = editor;
  const name = entry.name ?? entry.url;
  const edit = h("button", { type: "button", data: { action: `edit${index}` } }, t("edit"));
  edit.ariaLabel = t("editOf", { name });
  edit.onclick = () => openEntry(editor, index);
  edit.disabled = Boolean(setBy) || !list.kinds[entry.type];
  const buttons = [edit];
  const entries = config[list.setting];
  if (list.isOrdered && index && !setBy) {
    const up = h("button.icon", { type: "button", data: { action: `up${index}` } }, icon("up"));
    up.ariaLabel = t("preferOf", { name });
    up.onclick = () =>
      runAction(up, async () => {
        const moved = [...entries];
        moved.splice(index - 1, 0, ...moved.splice(index, 1));
        await save(moved);
      });
    buttons.unshift(up);
  }
  const text = h("div.text", {}, ...list.describe(entry));
  return h("li.line-row", { data: { key: name } }, text, h("span.buttons", {}, buttons));
}

// -- the dialog of an entry -----------------------------------------------------------------------

function openEntry(editor, index) {
  const { list, config } = editor;
  const entries = config[list.setting];
  const isNew = index === null;
  const types = Object.keys(list.kinds);
  const given = isNew ? { ...list.fresh, type: types[0] } : entries[index];
  const place = h("div.entry-fields");
  const result = h("div.trial", { role: "status" });
  const otherLine = h("p.bad", { role: "alert" });
  const test = h("button", { type: "button" }, t("test"));
  const saveButton = h("button.main", { type: "submit" }, t("save"));
  const remove = h("button.danger", { type: "button", hidden: isNew }, t("remove"));
  const foot = h("div.foot", {}, remove, h("span.gap"), test, saveButton);
  const form = h("form", { noValidate: true }, place, result, otherLine, foot);
  const title = isNew ? t(list.add) : t("editOf", { name: given.name ?? given.url });
  let fields = null;

  function showFields(values) {
    const kind = { name: "type", kind: "choice", options: types, textOf: list.textOf };
    const described = [...list.kinds[values.type], ...list.common];
    fields = makeFields([...(isNew ? [kind] : []), ...described], values);
    const rare = makeFields(list.rare, values);
    const isOpen = list.rare.some(({ name, empty = "" }) => (values[name] ?? empty) !== empty);
    const more = h("details", { open: isOpen }, h("summary", {}, t("rare")), ...rare.nodes);
    const hint = h("p.soft", {}, list.hintOf(values.type));
    place.replaceChildren(...fields.nodes, ...(list.rare.length ? [more] : []));
    fields.nodes[isNew ? 0 : -1]?.after(hint);
    fields.rare = rare;
  }

  /** The entry as the fields say it, without what another kind had. */
  function readFields() {
    const shown = fields.read();
    const rare = fields.rare.read();
    const entry = { type: shown.type };
    for (const name of list.kept ?? []) if (name in shown) entry[name] = shown[name];
    const described = [...list.common, ...list.kinds[shown.type]];
    for (const name of described.map(firstPart)) entry[name] = shown[name];
    for (const name of list.rare.map(firstPart)) entry[name] = rare[name];
    return entry;
  }

  /** The entry with what its owner may leave out. */
  function read() {
    const entry = readFields();
    list.complete?.(entry, entries);
    return entry;
  }

  function showProblems(problems) {
    const own = problems.map((problem) => ({ ...problem, field: inner(problem.field) }));
    const others = fields.rare.showProblems(fields.showProblems(own));
    sayProblems(otherLine, others);
    fields.focusProblem();
  }

  async function attempt(action) {
    showProblems([]);
    result.replaceChildren();
    try {
      await action();
    } catch (refusal) {
      const problems = problemsOf(refusal);
      if (!problems.length) throw refusal;
      showProblems(problems);
    }
  }

  form.addEventListener("change", ({ target }) => {
    if (target.dataset.field !== "type") return;
    showFields({ ...list.fresh, ...readFields(), type: target.value });
    $("[data-field=type]", form).focus();
  });
  test.onclick = () =>
    runAction(test, () =>
      attempt(async () => {
        setText(result, t("testing"));
        showTrial(result, await callApi("POST", list.test, read()));
      }).finally(() => result.textContent === t("testing") && result.replaceChildren()),
    );
  form.onsubmit = (event) => {
    event.preventDefault();
    runAction(saveButton, () =>
      attempt(async () => {
        const changed = [...entries];
        changed.splice(index ?? entries.length, isNew ? 0 : 1, read());
        await editor.save(changed);
        dialog.close();
        showToast(t("saved"));
      }),
    );
  };
  remove.onclick = async () => {
    const name = given.name ?? given.url;
    if (!(await ask(t("removeOf", { name }), list.removal, t("remove")))) return;
    runAction(remove, async () => {
      await editor.save(entries.filter((_, place) => place !== index));
      dialog.close();
    });
  };
  showFields(given);
  const dialog = showDialog(title, form);
}

const firstPart = ({ name }) => name.split(".")[0];

/** The name of a field within its entry: providers[2].url -> url. */
const inner = (name) => name.replace(/^\w+\[\d+\]\.?/, "");

/** Say what came of a trial: what is there, or what is wrong and how to mend it. */
function showTrial(node, { ok, message, series, examples, fix }) {
  const found = examples?.length ? t("trialFound", { count: tn("seriesCount", series) }) : "";
  const lines = [h("strong", {}, ok ? t("trialOk") : t("trialFailed"))];
  if (found) lines.push(h("p", {}, `${found} ${examples.join(", ")}`));
  else lines.push(makeSentence("p", message));
  if (fix) lines.push(makeSentence("p", fix));
  node.replaceChildren(h("div.outcome", { data: { state: ok ? "ok" : "failed" } }, ...lines));
  node.scrollIntoView({ block: "nearest" }); // on a phone it may lie below the window
}
