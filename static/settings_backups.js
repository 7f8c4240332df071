// Backups of the settings: what each would change, and going back to one.

import { callApi } from "./api.js";
import { ask, showDialog } from "./dialogs.js";
import { h, syncList } from "./dom.js";
import { announce, runAction, showToast } from "./feedback.js";
import { formatMoment } from "./formats.js";
import { t } from "./i18n.js";
import "./settings_backups_texts.js";
import "./settings_form_texts.js";
import "./settings_messages_texts.js";
import "./settings_sources_texts.js";

export async function open(root) {
  const list = h("ul.rows", { id: "backups" });
  const empty = h("p.soft", {}, t("noBackups"));
  const make = h("button.main", { type: "button" }, t("backUp"));

  async function load() {
    const { data } = await callApi("GET", "config/backups");
    empty.hidden = data.length > 0;
    syncList(list, data, {
      key: ({ name }) => name,
      create: (backup) => makeRow(backup, load),
      update() {},
    });
  }

  make.onclick = () =>
    runAction(make, async () => {
      await callApi("POST", "config/backups");
      announce(t("backedUp"));
      await load();
    });
  await load();
  const heading = h("h2", { tabIndex: -1 }, t("backupList"));
  const hint = h("p.soft", {}, t("backupsHint"));
  root.append(h("section.card", {}, heading, hint, list, empty, h("div.foot", {}, make)));
}

function makeRow({ name, created_at: made }, load) {
  const moment = formatMoment(made);
  const look = h("button", { type: "button", data: { action: "look" } }, t("compare"));
  look.ariaLabel = t("compareOf", { moment });
  look.onclick = () => runAction(look, () => showBackup(name, moment, load));
  const remove = h("button", { type: "button", data: { action: "delete" } }, t("remove"));
  remove.ariaLabel = t("removeOf", { name: moment });
  remove.onclick = async () => {
    if (!(await ask(t("removeOf", { name: moment }), t("removeBackupHint"), t("remove")))) return;
    runAction(remove, async () => {
      await callApi("DELETE", `config/backups/${name}`);
      await load();
    });
  };
  return h("li.line-row", {}, h("p.text", {}, h("b", {}, moment)), look, remove);
}

/** Show which settings a backup would change, and offer to go back to it. */
async function showBackup(name, moment, load) {
  const [now, then] = await Promise.all([
    callApi("GET", "config"),
    callApi("GET", `config/backups/${name}`),
  ]);
  const differences = Object.keys(then.data).filter(
    (setting) => JSON.stringify(then.data[setting]) !== JSON.stringify(now.data[setting]),
  );
  const rows = differences.map((setting) =>
    h(
      "li",
      {},
      h("h3", {}, nameOf(setting), " ", h("span.soft", {}, setting)),
      h(
        "dl.key-values",
        {},
        h("dt", {}, t("now")),
        h("dd", {}, show(now.data[setting])),
        h("dt", {}, t("then")),
        h("dd", {}, show(then.data[setting])),
      ),
    ),
  );
  const restore = h("button.main", { type: "button" }, t("restore"));
  restore.hidden = !rows.length;
  const content = rows.length ? h("ul.rows.differences", {}, rows) : t("noDifference");
  const dialog = showDialog(t("backupOf", { moment }), content, h("div.foot", {}, restore));
  restore.onclick = () =>
    runAction(restore, async () => {
      await callApi("POST", `config/backups/${name}/restore`);
      dialog.close();
      showToast(t("restored"));
      await load();
    });
}

/** What a setting is called in its section; one of many fields is called as they are together. */
const GROUPS = {
  providers: "sourceList",
  naming: "newNames",
  prefer: "wishes",
  share: "settings.share",
  notify: "notify",
  media_servers: "mediaServers",
};
const nameOf = (setting) => (GROUPS[setting] ? t(GROUPS[setting]) : t(`field.${setting}`));

const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));
