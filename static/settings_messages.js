// Who is told of what: messages to the owner, and media servers that read new files.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { makeEntries } from "./settings_entries.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import "./settings_form_texts.js";
import "./settings_messages_texts.js";

const EVENTS = [
  "completed",
  "failed",
  "source_away",
  "disk",
  "library_offline",
  "ambiguous",
  "new_episode",
];
const AUTHORITY = { name: "ca_file", kind: "text", hint: true };
const ADDRESS = { name: "url", kind: "text" };
const TOKEN = { name: "token", kind: "secret" };
const describe = (kind, { url }) => [h("b", {}, kind), h("p.soft", {}, url)];

const NOTIFICATIONS = {
  setting: "notify",
  textOf: (type) => t(`notifyKind.${type}`),
  hintOf: (type) => t(`notifyKind.${type}.hint`),
  removal: t("notifyRemoval"),
  test: "notify/test",
  add: "addNotify",
  kinds: {
    ntfy: [{ ...ADDRESS, example: "https://ntfy.sh/my-topic" }, TOKEN],
    gotify: [{ ...ADDRESS, example: "http://nas.lan:8070/" }, TOKEN],
    discord: [{ ...ADDRESS, example: "https://discord.com/api/webhooks/…" }],
    webhook: [{ ...ADDRESS, example: "http://nas.lan/hook" }, TOKEN],
  },
  common: [
    { name: "events", kind: "checks", options: EVENTS, textOf: (name) => t(`notifyEvent.${name}`) },
  ],
  rare: [AUTHORITY],
  fresh: { url: "", events: EVENTS },
  kept: ["token"], // of Discord, whose address ends in it
  describe: (entry) => describe(t(`notifyKind.${entry.type}`), entry),
};
const MEDIA_SERVER = [
  { name: "key", kind: "secret" },
  { name: "path_map.from", kind: "text", hint: true },
  { name: "path_map.to", kind: "text" },
];
const MEDIA_SERVERS = {
  setting: "media_servers",
  textOf: (type) => t(`mediaKind.${type}`),
  hintOf: (type) => t(`mediaKind.${type}.hint`),
  removal: t("mediaRemoval"),
  test: "media_servers/test",
  add: "addMediaServer",
  kinds: {
    jellyfin: [{ ...ADDRESS, example: "http://nas.lan:8096/" }, ...MEDIA_SERVER],
    plex: [{ ...ADDRESS, example: "http://nas.lan:32400/" }, ...MEDIA_SERVER],
  },
  common: [],
  rare: [AUTHORITY],
  fresh: { url: "", key: "" },
  complete(entry) {
    const { from, to } = entry.path_map ?? {};
    entry.path_map = from || to ? { from: from ?? "", to: to ?? "" } : null;
  },
  describe: (entry) => describe(t(`mediaKind.${entry.type}`), entry),
};
const QUIET = [{ name: "quiet_hours", kind: "hours", empty: null, hint: true }];

export async function open(root) {
  const config = await loadSettings();
  root.append(
    makeEntries(NOTIFICATIONS, config, { title: t("notify"), hint: t("notifyHint") }),
    makeSettingsForm(QUIET, config),
    makeEntries(MEDIA_SERVERS, config, { title: t("mediaServers"), hint: t("mediaServersHint") }),
  );
}
