// The camera, looking for a code: of a device to pair, or of a sign-in.

import { announce, button, complain, el, errorPlace, icon, show } from "../page.js";
import { read } from "../protocol.js";
import { go } from "../route.js";
import { scan as watch } from "../scanner.js";
import { t } from "../words.js";

// Open what a scanned, pasted or followed text says; false if it is nothing of ours.
export const follow = (scanned) => {
  const link = read(scanned);
  if (link) go(link.kind, link);
  return Boolean(link);
};

export const scan = async () => {
  const video = el("video", { muted: true, playsinline: "", "aria-hidden": "true" });
  const status = el("p", { class: "soft", role: "status" }, t("scan.looking"));
  let stop = () => {};
  let gone = false;
  show(t("scan.title"), [
    el("p", {}, t("scan.where")),
    el("div", { class: "finder", role: "img", "aria-label": t("scan.picture") }, video, icon("frame")),
    status,
    el("p", { class: "soft small" }, t("scan.private")),
    el("div", { class: "m__end flow" },
      button(t("scan.without"), () => go("paste")),
      button(t("back"), () => go("home"))),
  ], () => {
    gone = true;
    stop();
  });
  try {
    stop = await watch(video, found(status));
    if (gone) stop();
  } catch (error) {
    if (gone) return;
    const known = ["NotAllowedError", "NotFoundError"].includes(error.name) ? error.name : "other";
    status.textContent = t(`scan.${known}`);
  }
};

const found = (status) => {
  let foreign;
  return (scanned) => {
    if (scanned === foreign) return false;
    if (follow(scanned)) return true;
    foreign = scanned;
    status.textContent = t("scan.foreign");
    return false;
  };
};

// Without a camera: the link that the page shows beside its code.
export const paste = () => {
  const input = el("input", {
    id: "link", name: "link", type: "text", class: "m__text", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
  });
  const form = el("form", { class: "flow", novalidate: true },
    el("label", { for: "link" }, t("paste.label")), errorPlace("link-error"), input,
    el("button", { type: "submit", class: "m__btn m__btn--go" }, t("paste.open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!follow(input.value)) complain(form, t("scan.foreign"), input);
  });
  show(t("paste.title"), [
    el("p", {}, t("paste.how")), form,
    el("div", { class: "m__end flow" }, button(t("back"), () => go("home"))),
  ]);
  announce(t("paste.title"));
};
