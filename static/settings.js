// The settings: one section has one address and one module, settings_<section>.js.

import { h, icon, loadStyle } from "./dom.js";
import { t } from "./i18n.js";
import { loadSentences } from "./reasons.js";
import { href } from "./router.js";
import "./settings_texts.js";

/** The sections in their order, and the module of each. */
const SECTIONS = {
  sources: () => import("./settings_sources.js"),
  folders: () => import("./settings_folders.js"),
  downloads: () => import("./settings_downloads.js"),
  follow: () => import("./settings_follow.js"),
  messages: () => import("./settings_messages.js"),
  share: () => import("./settings_share.js"),
  account: () => import("./settings_account.js"),
  server: () => import("./settings_server.js"),
  backups: () => import("./settings_backups.js"),
  page: () => import("./settings_page.js"),
};

/** @param {import("./router.js").Address} address */
export async function open(root, address) {
  const section = address.id in SECTIONS ? address.id : Object.keys(SECTIONS)[0];
  const [module] = await Promise.all([
    SECTIONS[section](),
    loadStyle("settings.css"),
    loadSentences(),
  ]);
  const links = Object.keys(SECTIONS).map((name) => {
    const link = h("a", { href: href(`settings/${name}`) }, t(`settings.${name}`));
    link.ariaCurrent = name === section ? "page" : null;
    return h("li", {}, link);
  });
  const system = h("li", {}, h("a", { href: href("system") }, t("system")));
  const title = t(`settings.${section}`);
  const content = h("div.settings-content", {}, h("h1", { tabIndex: -1 }, title));
  const list = h("ul", { id: "settings-list" }, links, system);
  const nav = h("nav.settings-nav", { ariaLabel: t("settings") }, makeMenu(), list);
  root.append(nav, content);
  root.classList.add("settings");
  const opened = (await module.open(content, address)) ?? {};
  return { title: `${title} – ${t("settings")}`, ...opened };
}

/** The button that opens the list on a phone, where it would push all else down. */
function makeMenu() {
  const menu = h(
    "button",
    { type: "button", ariaExpanded: "false" },
    t("allSettings"),
    icon("more"),
  );
  menu.setAttribute("aria-controls", "settings-list");
  menu.onclick = () => {
    menu.ariaExpanded = String(menu.parentElement.classList.toggle("open"));
  };
  return menu;
}
