// The start: language, screens, the link that the app was opened with, then what waits.

import { button, el, show } from "./page.js";
import { subscribe } from "./push.js";
import { go, register } from "./route.js";
import { account, changing, renaming, unlinking } from "./screens/account.js";
import { login } from "./screens/code.js";
import { home } from "./screens/home.js";
import { heard, offerUpdate } from "./screens/news.js";
import { pair } from "./screens/pair.js";
import { denial, request } from "./screens/request.js";
import { follow, paste, scan } from "./screens/scan.js";
import { accounts } from "./store.js";
import { keepUpToDate } from "./update.js";
import { look, start } from "./watch.js";
import { load, t } from "./words.js";

register({
  home, scan, paste, pair, login, request, account, deny: denial, rename: renaming, change: changing, unlink: unlinking,
});

// A link holds a secret: it leaves the address and the history before anything else happens.
const takeLink = () => {
  const link = location.hash ? location.href : "";
  if (link) history.replaceState(history.state, "", location.pathname);
  return link;
};

const open = (link) => {
  if (!link || !follow(link)) go("home");
};

const run = async (link) => {
  await load();
  if (!isSecureContext || !("serviceWorker" in navigator)) {
    show(t("unsupported.title"), [el("p", {}, t("unsupported.what"))]);
    return;
  }
  window.addEventListener("unhandledrejection", failed);
  window.addEventListener("hashchange", () => open(takeLink()));
  open(link);
  start(heard);
  // Where a browser allows no worker, the app works as long as there is a network.
  await keepUpToDate(offerUpdate, look).then(async () => subscribe(await accounts()), () => {});
};

// Nobody foresaw it: nothing is lost, the app goes on at its first screen.
const failed = () =>
  show(t("failed.title"), [
    el("p", {}, t("error.failed")),
    el("div", { class: "m__end flow" }, button(t("done"), () => go("home"), "m__btn--go")),
  ]);

run(takeLink());
