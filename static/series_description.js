// What a series is about: a few lines, and the rest for those who ask.

import { h, setText } from "./dom.js";
import { t } from "./i18n.js";

/** The description of a series; `draw` shows what is known of it now. */
export function makeDescription(context) {
  const text = h("p", { id: "series-description", dir: "auto" });
  const more = h("button.plain", { id: "series-more", type: "button", hidden: true });
  more.setAttribute("aria-controls", text.id);
  let isOpen = false;

  more.onclick = () => {
    isOpen = !isOpen;
    show();
  };

  function show() {
    text.classList.toggle("short", !isOpen);
    // One that is open may be closed again; else what is cut off decides.
    more.hidden = !isOpen && text.scrollHeight <= text.clientHeight + 1;
    setText(more, t(isOpen ? "showLess" : "showAll"));
    more.ariaExpanded = String(isOpen);
  }

  addEventListener("resize", show);
  return {
    node: h("div.description", {}, text, more),
    draw() {
      setText(text, context.series.description ?? "");
      show();
    },
    close: () => removeEventListener("resize", show),
  };
}
